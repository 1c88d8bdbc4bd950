"""The state file that a kill cut short: put back from the backup beside it, else told."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.recover import restore_torn_state


def stacks(sandbox: Path) -> Path:
    folder = sandbox / "state" / ".pulumi" / "stacks" / "shop"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("torn", ["", '{"version": 3, "checkp'])
def test_a_torn_state_is_replaced_by_its_backup(
    torn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = stacks(tmp_path)
    (folder / "dev.json").write_text(torn)
    (folder / "dev.json.bak").write_text('{"version": 3}')
    restore_torn_state(tmp_path, "dev")
    assert (folder / "dev.json").read_text() == '{"version": 3}'
    assert "cp dev.json.bak dev.json" in capsys.readouterr().err


def test_a_whole_state_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = stacks(tmp_path)
    (folder / "dev.json").write_text('{"version": 3}')
    (folder / "dev.json.bak").write_text('{"version": 2}')
    restore_torn_state(tmp_path, "dev")
    assert (folder / "dev.json").read_text() == '{"version": 3}'
    assert capsys.readouterr().err == ""


def test_torn_attributes_are_removed(tmp_path: Path) -> None:
    folder = stacks(tmp_path)
    (folder / "dev.json").write_text('{"version": 3}')
    (folder / "dev.json.attrs").write_text("")
    restore_torn_state(tmp_path, "dev")
    assert [path.name for path in folder.iterdir()] == ["dev.json"]


def test_without_a_whole_backup_it_says_so(tmp_path: Path) -> None:
    folder = stacks(tmp_path)
    (folder / "dev.json").write_text("")
    (folder / "dev.json.bak").write_text("")
    with pytest.raises(SandboxError, match=r"no whole dev\.json\.bak"):
        restore_torn_state(tmp_path, "dev")
