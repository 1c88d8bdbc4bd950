"""Pipes samples of `az` and Terraform into `keyless import dev` of a small project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result

from keyless.cli import main
from tests.keyless.project import DATA, app, blob, facts, write_project

CONTAINER = f"{DATA}/Microsoft.Storage/storageAccounts/storders/blobServices/default/containers/invoices"
MARK = "S3cr3tMARKs"
TEXT = Path(__file__).with_name("samples.yaml").read_text(encoding="utf-8")
SAMPLES: dict[str, Any] = yaml.safe_load(
    TEXT.replace("RG/", f"{DATA}/").replace("CONTAINER", CONTAINER).replace("MARK", MARK)
)
USES: dict[str, Any] = {"invoices": blob(), "cache": {"kind": "redis", "cache": "cache", "access": "read"}}


def made_project(folder: Path) -> Path:
    """A project with one app, whose environment takes in an empty file."""
    root = write_project(folder, [app(uses=USES)], facts(include=["more.yaml"]))
    (root / "more.yaml").write_text("resources: {}\n", encoding="utf-8")
    return root


def run(root: Path, *documents: Any, format_: str = "yaml") -> Result:
    """`keyless import dev` with documents, or bytes as they are, on standard input."""
    texts = [one if isinstance(one, bytes) else json.dumps(one, indent=1).encode() for one in documents]
    return CliRunner().invoke(
        main, ["-C", str(root), "import", "dev", "--format", format_], input=b"\n".join(texts)
    )


def found(root: Path, *documents: Any) -> dict[str, Any]:
    """What a run proposes, as JSON, by name."""
    result = run(root, *documents, format_="json")
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def resources(root: Path, *documents: Any) -> dict[str, dict[str, Any]]:
    """The proposed entries by name, without what is null."""
    return {
        one["name"]: {key: value for key, value in one.items() if value is not None and key != "name"}
        for one in found(root, *documents)["resources"]
    }
