"""Writes docs/reference/ from the models, the catalogue and the command, and schema/ from the models: `make docs`."""

from __future__ import annotations

import sys
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from docs.tooling.commands import commands
from docs.tooling.doors import posture, rules
from docs.tooling.kinds import kinds
from docs.tooling.models import anchor, app_file, environment_file, resource_title, use_title
from keyless.catalogue import refused
from keyless.render.schemas import render_schemas

ROOT = Path(__file__).resolve().parents[1]
APP_EXAMPLE = "apps/payments/checkout.yaml"
ENVIRONMENT_EXAMPLE = "examples/06-foundry/Pulumi.dev.yaml"


def render_all() -> dict[str, str]:
    """Path from the project's folder to text, of each generated file."""
    templates = Environment(
        loader=FileSystemLoader(ROOT / "docs" / "tooling" / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    templates.filters.update(
        anchor=anchor, use_title=use_title, resource_title=resource_title, posture=posture, rules=rules
    )
    pages: dict[str, dict[str, object]] = {
        "app-file.md": {"page": app_file(), "file": APP_EXAMPLE, "example": _read(APP_EXAMPLE)},
        "environment-file.md": {
            "page": environment_file(),
            "file": ENVIRONMENT_EXAMPLE,
            "example": _read(ENVIRONMENT_EXAMPLE),
        },
        "kinds.md": {"kinds": kinds(), "refused": refused()},
        "command.md": {"commands": tuple(commands())},
    }
    reference = {
        f"docs/reference/{name}": templates.get_template(f"{name}.j2").render(values)
        for name, values in pages.items()
    }
    return reference | {f"schema/{name}": text for name, text in render_schemas().items()}


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def stale(root: Path) -> dict[str, str]:
    """Path to wanted text, of each generated file that differs below `root`."""

    def current(name: str) -> str | None:
        path = root / name
        return path.read_text(encoding="utf-8") if path.is_file() else None

    return {name: text for name, text in render_all().items() if current(name) != text}


def write_all(root: Path) -> tuple[str, ...]:
    """Write what differs below `root`, and return the paths."""
    found = stale(root)
    for name, text in found.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tuple(found)


def main() -> None:
    """Write; with `--check`, only say what differs, and exit with 1 if anything does."""
    if "--check" in sys.argv[1:]:
        found = tuple(stale(ROOT))
        sys.stderr.write("".join(f"docs: {name} is not current; fix: make docs\n" for name in found))
        sys.exit(1 if found else 0)
    sys.stderr.write("".join(f"docs: wrote {name}\n" for name in write_all(ROOT)) or "docs: all current\n")


if __name__ == "__main__":
    main()
