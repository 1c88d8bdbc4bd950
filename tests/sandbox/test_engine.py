"""Finding the engine: PATH first, then a build of ours, the official install, and only then a new build."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sandbox import engine, gobuild
from sandbox.errors import SandboxError


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty PATH and cache, whose official install does not answer."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(engine, "official_install", lambda: None)
    return tmp_path


def built_place(machine: Path) -> Path:
    return machine / "cache" / "keyless" / "engine" / f"v{engine.VERSION}" / "pulumi"


@pytest.mark.parametrize("version", ["v3.259.0", "3.259.0", "v3.300.1"])
def test_a_pulumi_on_path_that_is_new_enough_is_taken(machine: Path, version: str):
    real = executable(machine / "opt" / "pulumi", f"echo {version}")
    (machine / "bin" / "pulumi").symlink_to(real)
    assert engine.find(machine).pulumi == real


@pytest.mark.parametrize("says", ["echo v3.258.9", "echo v4.0.0", "echo hello", "exit 1", "sleep 0"])
def test_another_pulumi_on_path_is_passed_over(machine: Path, says: str):
    executable(machine / "bin" / "pulumi", says)
    executable(built_place(machine), "echo v3.259.0")
    assert engine.find(machine).pulumi == built_place(machine)


def test_beside_a_build_of_ours_stand_the_language_plugins(machine: Path):
    executable(built_place(machine), "echo v3.259.0")
    found = engine.find(machine)
    for name in engine.STAND_INS:
        assert os.access(found.folder / name, os.X_OK)


def test_a_real_language_plugin_beside_the_engine_stays(machine: Path):
    executable(built_place(machine), "echo v3.259.0")
    real = executable(built_place(machine).with_name(engine.LANGUAGE_PLUGIN), "exec the-real-one")
    engine.find(machine)
    assert "the-real-one" in real.read_text()


def test_an_official_install_comes_before_a_build(machine: Path, monkeypatch: pytest.MonkeyPatch):
    official = executable(machine / "official" / "bin" / "pulumi", "echo v3.259.0")
    monkeypatch.setattr(engine, "official_install", lambda: official)
    assert engine.find(machine).pulumi == official


def test_without_go_the_error_says_what_to_install(machine: Path):
    with pytest.raises(SandboxError, match=r"the command `go` is missing\.\n  fix: install Go 1\.26"):
        engine.find(machine)


def test_a_build_links_the_version_in_and_lands_in_one_step(machine: Path, capfd: pytest.CaptureFixture[str]):
    # This go answers with a file that holds its own arguments.
    executable(machine / "bin" / "go", 'while [ "$1" != -o ]; do a="$a $1"; shift; done; echo "$a" >"$2"')
    tools = machine / "tools"
    tools.mkdir()
    (tools / "go.mod").write_text("module x\n")
    assert engine.find(tools).pulumi == built_place(machine)
    assert f"{gobuild.VERSION_VARIABLE}=v{engine.VERSION}" in built_place(machine).read_text()
    left = {entry.name for entry in built_place(machine).parent.iterdir()}
    assert left == {"pulumi", "pulumi.lock", *engine.STAND_INS}
    assert "is built" in capfd.readouterr().err


def test_a_failed_build_leaves_nothing_and_shows_what_go_said(machine: Path):
    executable(machine / "bin" / "go", "echo go: no such module; exit 3")
    (machine / "go.mod").write_text("module x\n")
    with pytest.raises(SandboxError, match=r"(?s)exit code 3.*no such module.*fix: "):
        engine.find(machine)
    assert not built_place(machine).exists()


def test_a_second_build_finds_the_first_ones_result(machine: Path):
    executable(machine / "bin" / "go", "exit 3")
    target = executable(machine / "there" / "pulumi", "")
    gobuild.build_engine(machine, engine.VERSION, target)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "preparing"),
        (["go: downloading a v1", "go: downloading b v1"], "2 modules downloaded"),
        (["go: downloading a v1", "internal/abi", "net/http"], "2 packages compiled, last net/http"),
    ],
)
def test_progress_says_what_the_build_does(lines: list[str], said: str):
    assert gobuild.progress(lines, 12.4) == f"  12 s: {said}"


def test_an_install_that_does_not_answer_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(engine, "INSTALL_SECONDS", 0.2)
    monkeypatch.setattr(engine.sys, "executable", str(executable(tmp_path / "python", "sleep 60")))
    assert engine.official_install() is None
    assert not list((tmp_path / "keyless").rglob("*")) or not list(
        (tmp_path / "keyless" / "engine").iterdir()
    )


def test_the_stand_in_plugins_refuse_to_run_outside_a_sandbox(tmp_path: Path):
    engine.add_stand_ins(tmp_path)
    for name in engine.STAND_INS:
        answer = subprocess.run([tmp_path / name], env={}, capture_output=True, text=True, check=False)
        assert answer.returncode != 0
        assert "python -m sandbox" in answer.stderr
