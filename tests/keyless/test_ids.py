"""`keyless ids STACK`: the ids of a stack that the project has, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from keyless.cli import main
from tests.keyless.project import app, facts, write_project

GUID = "00000000-0000-0000-0000-00000000000{}"
GOOD = {"apps": {"checkout": {"client_id": GUID.format(1), "principal_id": GUID.format(2), "more": 1}}}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project whose stacks are `dev` and `payments.dev`."""
    return write_project(tmp_path / "project", [app()], facts())


def ids(root: Path, stack: str, outputs: Any) -> Result:
    """Runs the command on `outputs`: JSON, or bytes as they are."""
    given = outputs if isinstance(outputs, bytes) else json.dumps(outputs).encode()
    result = CliRunner().invoke(main, ["-C", str(root), "ids", stack], input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize("stack", ["dev", "payments.dev"])
def test_the_ids_of_a_stack_are_written(stack: str, root: Path) -> None:
    result = ids(root, stack, GOOD)
    assert (result.exit_code, result.stdout) == (0, f"wrote ids/{stack}.yaml\n")
    text = (root / "ids" / f"{stack}.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"# Written by: pulumi stack output --json -s {stack} | keyless ids {stack}\n")
    assert yaml.safe_load(text) == {
        "version": 1,
        "apps": {"checkout": {"client_id": GUID.format(1), "principal_id": GUID.format(2)}},
    }


@pytest.mark.parametrize("environment", ["Prod", "My_Env", "1", "a-b"])
def test_what_may_name_an_environment_may_name_its_stack(environment: str, root: Path) -> None:
    (root / "Pulumi.dev.yaml").rename(root / f"Pulumi.{environment}.yaml")
    assert CliRunner().invoke(main, ["-C", str(root), "check"]).exit_code == 0
    assert ids(root, f"payments.{environment}", GOOD).exit_code == 0
    assert (root / "ids" / f"payments.{environment}.yaml").is_file()


@pytest.mark.parametrize(
    "stack", ["foo", "search.dev", "../dev", "../x", "a/b.dev", "dev.payments", "", ".dev"]
)
def test_a_stack_that_the_project_has_not_is_refused(stack: str, root: Path) -> None:
    result = ids(root, stack, GOOD)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "fix: write one of: dev" in result.stderr
    assert not (root / "ids").exists()


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        (b"[" * 200_000, "standard input is not JSON"),
        (b"\xff\xfe\x00", "standard input is not JSON"),
        (b"", "standard input is not JSON"),
        ([], "the outputs hold no `apps`"),
        ({"apps": []}, "the outputs hold no `apps`"),
        ({"apps": {"checkout": 5}}, "the app 'checkout' has no client_id"),
        ({"apps": {"checkout": {"client_id": GUID.format(1)}}}, "the app 'checkout' has no principal_id"),
        ({"apps": {"checkout": {"client_id": "", "principal_id": ""}}}, "has no client_id"),
    ],
)
def test_outputs_that_are_none_are_told(outputs: Any, told: str, root: Path) -> None:
    result = ids(root, "dev", outputs)
    assert result.exit_code == 2
    assert told in result.stderr
    assert "fix: " in result.stderr
    assert not (root / "ids").exists()


def test_a_project_that_is_none_is_told(tmp_path: Path) -> None:
    result = ids(tmp_path / "nowhere", "dev", GOOD)
    assert result.exit_code == 2
    assert "[no-project]" in result.stderr


def test_a_file_in_the_place_of_the_folder_is_told(root: Path) -> None:
    (root / "ids").write_text("mine", encoding="utf-8")
    result = ids(root, "dev", GOOD)
    assert result.exit_code == 2
    assert "cannot write the file: " in result.stderr
    assert (root / "ids").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_schemas_are_not_written_onto_a_file(out: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    result = CliRunner().invoke(main, ["schema", "--out", str(tmp_path / out)])
    assert result.exit_code == 2
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"
