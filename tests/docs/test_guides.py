"""What the guides say of layers, completion and editors is so."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from keyless.cli import main
from keyless.doctor.evidence import HOW
from keyless.environment import AppOverride
from keyless.project import environment_names
from keyless.spec import app_files

ROOT = Path(__file__).resolve().parents[2]
STARTED = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
SHELLS = re.findall(r"_KEYLESS_COMPLETE=((\w+)_source) keyless", STARTED)


@pytest.fixture
def path_of_keyless(tmp_path: Path) -> str:
    """A PATH on which `keyless` is this checkout's."""
    script = tmp_path / "keyless"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m keyless "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return os.pathsep.join([str(tmp_path), os.environ["PATH"]])


def test_completion_is_described_for_three_shells() -> None:
    assert [shell for _, shell in SHELLS] == ["bash", "zsh", "fish"]


@pytest.mark.parametrize(("word", "shell"), SHELLS)
def test_completion_prints_the_script_of_a_shell(word: str, shell: str) -> None:
    command = [sys.executable, "-c", "import sys; from keyless.cli import main; main(prog_name='keyless')"]
    result = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "_KEYLESS_COMPLETE": word},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"_KEYLESS_COMPLETE={shell}_complete" in result.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("typed", "offered"), [("pl", ["plan"]), ("plan --fo", ["--format"]), ("plan dev --format j", ["json"])]
)
def test_bash_completes_after_the_line_of_the_guide(
    typed: str, offered: list[str], path_of_keyless: str
) -> None:
    (line,) = re.findall(r'^(eval "\$\(_KEYLESS_COMPLETE=bash_source keyless\)")', STARTED, re.MULTILINE)
    words = typed.split(" ")
    program = (
        f"{line}\nCOMP_WORDS=(keyless {typed}); COMP_CWORD={len(words)}\n"
        "_keyless_completion keyless\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    result = subprocess.run(
        ["bash", "--norc", "-euc", program],
        cwd=ROOT,
        env={**os.environ, "PATH": path_of_keyless, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.split() == offered


def _settings() -> dict[str, list[str]]:
    (block,) = re.findall(r"^```json\n(.*?)^```$", STARTED, re.MULTILINE | re.DOTALL)
    found: dict[str, dict[str, list[str]]] = json.loads("{" + block + "}")
    return found["yaml.schemas"]


def test_the_editors_settings_give_each_file_its_schema_and_manifests_none() -> None:
    chosen = {
        schema: {path.relative_to(ROOT).as_posix() for pattern in patterns for path in ROOT.glob(pattern)}
        for schema, patterns in _settings().items()
    }
    assert all((ROOT / schema).is_file() for schema in chosen)
    assert chosen == {
        "schema/app.schema.json": {file for _, file in app_files(ROOT)},
        "schema/environment.schema.json": {f"Pulumi.{name}.yaml" for name in environment_names(ROOT)},
        "schema/environment-part.schema.json": {
            path.relative_to(ROOT).as_posix() for path in ROOT.glob("environments/**/*.yaml")
        },
    }


def test_the_schema_that_a_file_names_is_found_from_it() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", STARTED, re.MULTILINE)
    assert len(rows) == 3
    for file, schema in rows:
        folder = ROOT.joinpath(*file.split("/")[:-1])
        assert os.path.normpath(folder / schema) == str(ROOT / "schema" / Path(schema).name)


def test_the_architecture_draws_the_layers_that_are_enforced() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = (one for one in project["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = page.split("## Layers", 1)[1].split("```")[1].strip().splitlines()
    assert drawn == layers["layers"], "mend the list in docs/architecture.md"


def test_the_import_guide_shows_entries_and_commands_that_exist() -> None:
    guide = (ROOT / "docs" / "guides" / "coming-from-what-is-there.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"^```yaml\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    (entry,) = yaml.safe_load(snippet)["apps"].values()
    assert entry.keys() <= AppOverride.model_fields.keys()
    assert (ROOT / "keyless" / "catalogue" / "imports.yaml").is_file() and "imports.yaml" in guide
    piped = re.findall(r"\| keyless (\w+)", guide)
    assert set(piped) == {"import"} and "import" in main.commands


@pytest.mark.parametrize("guide", sorted((ROOT / "docs" / "guides").glob("*.md")), ids=lambda path: path.stem)
def test_a_guide_names_commands_that_there_are(guide: Path) -> None:
    named = set(re.findall(r"(?:^|`|\| )keyless ([a-z]+)", guide.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= set(main.commands), named - set(main.commands)


def test_the_guide_exports_the_metric_as_its_errors_say() -> None:
    guide = (ROOT / "docs" / "guides" / "off-keys.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"az monitor metrics list .*?-o json", guide, re.DOTALL)
    options = re.findall(r"--[a-z-]+(?: [A-Z]\w+)?", HOW)
    assert len(options) > 5
    assert all(option in command for option in options)
