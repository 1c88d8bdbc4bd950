"""What is a sandbox and what is not, and who runs in it: nothing of anyone else's is ever touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.folder import MARKER, alone, claim
from sandbox.home import environment
from sandbox.runner import prepare
from sandbox.world import open_cloud, reset

HOLDER = """
import os, sys
from pathlib import Path
from sandbox.folder import hold
hold(Path(sys.argv[1]))
os.execvp("sh", ["sh", "-c", sys.argv[2]])
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: bare\nruntime: python\n")
    return folder


def contents(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


@pytest.mark.parametrize("word", [reset, prepare, open_cloud])
@pytest.mark.parametrize("theirs", ["bin/tool", "home/diary.txt", "state/x", "world/map", "cloud.sqlite"])
def test_a_folder_of_someone_else_is_refused_and_left_alone(
    project: Path, tmp_path: Path, word: Callable[[Path, Path], object], theirs: str
) -> None:
    """KEYLESS_SANDBOX=$HOME must not cost anyone their ~/bin."""
    home = tmp_path / "home-of-someone"
    (home / theirs).parent.mkdir(parents=True)
    (home / theirs).write_text("years of work")
    before = contents(home)
    with pytest.raises(SandboxError, match="so nothing was written and nothing was removed"):
        word(project, home)
    assert contents(home) == before


@pytest.mark.parametrize("exists", [False, True])
def test_an_empty_or_missing_folder_becomes_a_sandbox_and_stays_one(
    project: Path, tmp_path: Path, exists: bool
) -> None:
    box = tmp_path / "box"
    if exists:
        box.mkdir()
    reset(project, box)
    assert (box / MARKER).exists()
    (box / "state").mkdir()
    reset(project, box)
    assert not (box / "state").exists()
    claim(project, box)


def test_no_sandbox_is_made_outside_a_project(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"holds no Pulumi\.yaml"):
        reset(tmp_path, tmp_path / ".sandbox")
    assert contents(tmp_path) == []


def test_a_file_in_its_place_is_told(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for box in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(SandboxError, match=r"cannot hold a sandbox: .*\n  fix: name another folder"):
            claim(project, box)


def test_a_colon_in_the_path_is_told(project: Path, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="PATH would end at the ':'"):
        claim(project, tmp_path / "a:b")
    assert not (tmp_path / "a:b").exists()


def test_the_backend_is_named_as_a_url(tmp_path: Path) -> None:
    url = environment(tmp_path / "a#b %41?c", None, {})["PULUMI_BACKEND_URL"]
    assert url == f"file://{tmp_path}/a%23b%20%2541%3Fc/state"


def running(box: Path, script: str) -> subprocess.Popen[str]:
    """A command of the sandbox, once it has become `sh` and said so."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(box), f"echo ready; {script}"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture
def box(project: Path, tmp_path: Path) -> Iterator[Path]:
    claim(project, tmp_path / "box")
    yield tmp_path / "box"


def test_nothing_is_reset_under_a_running_command_and_a_kill_frees_it(project: Path, box: Path) -> None:
    first, second = running(box, "exec sleep 60"), running(box, "exec sleep 60")
    (box / "state").mkdir()
    for process in (first, second):
        with pytest.raises(SandboxError, match=r"a command still runs in .*, so reset would"):
            reset(project, box)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (box / "state").exists()
    reset(project, box)
    assert not (box / "state").exists()


def test_a_child_that_stays_behind_holds_nothing(project: Path, box: Path) -> None:
    process = running(box, "sleep 60 >/dev/null & echo $!")
    assert process.stdout is not None
    stray = int(process.stdout.readline())
    try:
        process.wait(timeout=20)
        os.kill(stray, 0)
        reset(project, box)
    finally:
        os.kill(stray, signal.SIGKILL)


def test_a_command_waits_for_a_reset_to_end(box: Path) -> None:
    with alone(box, "reset"):
        process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(box), "echo ready"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stderr is not None
        assert "waiting for a reset" in process.stderr.readline()
        time.sleep(0.2)
        assert process.poll() is None
    assert process.communicate(timeout=20)[0] == "ready\n"
