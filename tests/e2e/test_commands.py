"""Commands in a sandbox: output, exit codes and signals are the command's own, and the project stays as it was."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.places import Place
from tests.support.processes import processes_of

PROGRAM = 'import pulumi\npulumi.export("stack", pulumi.get_stack())\n'


@pytest.fixture
def bare(tmp_path: Path, make_place: Callable[[Path], Place]) -> Place:
    """A project whose program makes nothing."""
    project = tmp_path / "a project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: bare\nruntime: python\n")
    (project / "Pulumi.dev.yaml").write_text(
        "# facts\nconfig:\n  keyless:environment: {location: koreacentral}\n"
    )
    (project / "__main__.py").write_text(PROGRAM)
    return make_place(project)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_first_up_makes_the_stack_and_says_so_and_writes_nothing_into_the_project(bare: Place):
    before = contents(bare.project)
    said = bare.ok("pulumi", "up", "-s", "dev")
    assert "stack dev is new: pulumi stack init dev" in said
    assert "--yes is added" in said
    assert contents(bare.project) == before
    assert bare.ok("pulumi", "stack", "output", "-s", "dev", "stack").strip() == "dev"


def test_a_second_up_says_neither(bare: Place):
    bare.up("dev")
    said = bare.ok("pulumi", "up", "--yes", "--stack=dev")
    assert "sandbox:" not in said
    assert "1 unchanged" in said


def test_a_team_stack_is_made_for_an_environment_that_exists(bare: Place):
    bare.up("payments.dev")
    assert bare.ok("pulumi", "stack", "output", "-s", "payments.dev", "stack").strip() == "payments.dev"


def test_a_misspelt_stack_is_pulumis_own_error_and_is_not_made(bare: Place):
    answer = bare.run("pulumi", "preview", "-s", "dve")
    assert answer.returncode != 0
    assert "no stack named 'dve' found" in answer.stdout
    assert "stack init" not in answer.stdout


def test_two_stacks_can_be_made_at_once(bare: Place):
    runs = [
        bare.start("pulumi", "up", "--yes", "--skip-preview", "-s", f"{team}.dev") for team in ("a", "b", "c")
    ]
    for run in runs:
        output, _ = run.communicate(timeout=120)
        assert run.returncode == 0, output
    for team in ("a", "b", "c"):
        assert bare.ok("pulumi", "stack", "output", "-s", f"{team}.dev", "stack").strip() == f"{team}.dev"


def test_two_sandboxes_of_one_project_never_meet(bare: Place, tmp_path: Path):
    other = Place(bare.project, tmp_path / "other")
    bare.up("dev")
    assert "dev" in bare.ok("pulumi", "stack", "ls")
    assert "dev" not in other.ok("pulumi", "stack", "ls").replace("sandbox:", "")


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        ("import pulumi\nraise pulumi.RunError('apps/x.yaml:3: wrong')\n", "error: apps/x.yaml:3: wrong"),
        ("import sys\nsys.exit('stopped here')\n", "stopped here"),
        ("1 / 0\n", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_failing_program_fails_the_command_and_shows_why_once(bare: Place, program: str, shown: str):
    (bare.project / "__main__.py").write_text(program)
    answer = bare.run("pulumi", "preview", "-s", "dev", "--color", "never", "--diff")
    assert answer.returncode != 0
    assert answer.stdout.count(shown) == 1, answer.stdout


def test_a_plain_exit_of_the_program_is_no_failure(bare: Place):
    (bare.project / "__main__.py").write_text(PROGRAM + "raise SystemExit\n")
    bare.up("dev")


def test_the_exit_code_of_another_command_comes_through(bare: Place):
    answer = bare.run("--", "sh", "-c", "echo $PULUMI_BACKEND_URL; exit 7")
    assert answer.returncode == 7
    assert answer.stdout.strip() == f"file://{quote(str(bare.folder))}/state"


def test_a_command_that_does_not_exist_is_a_clear_error(bare: Place):
    answer = bare.run("--", "no-such-command")
    assert (answer.returncode, answer.stdout) == (
        2,
        "sandbox: cannot run 'no-such-command': No such file or directory\n",
    )


def test_a_signal_reaches_the_command_itself(bare: Place):
    run = bare.start(
        "--", "sh", "-c", "trap 'echo told to stop; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    run.send_signal(signal.SIGTERM)
    output, _ = run.communicate(timeout=20)
    assert (run.returncode, output) == (5, "told to stop\n")


def test_a_setting_made_in_the_sandbox_stays_there(bare: Place):
    bare.up("dev")
    before = contents(bare.project)
    bare.ok("pulumi", "config", "set", "-s", "dev", "keyless:extra", "here")
    assert bare.ok("pulumi", "config", "get", "-s", "dev", "keyless:extra").strip() == "here"
    assert contents(bare.project) == before


def test_reset_forgets_stacks_and_leaves_the_project(bare: Place):
    bare.up("dev")
    before = contents(bare.project)
    bare.ok("reset")
    assert contents(bare.project) == before
    assert "stack dev is new" in bare.ok("pulumi", "up", "-s", "dev")


def test_reset_does_not_touch_a_folder_that_is_no_sandbox(bare: Place):
    bare.folder.mkdir()
    (bare.folder / "thesis.txt").write_text("years of work")
    answer = bare.run("reset")
    assert answer.returncode == 2
    assert "nothing was removed" in answer.stdout
    assert (bare.folder / "thesis.txt").exists()


def test_neither_reset_nor_recovery_begins_while_the_engine_runs(bare: Place):
    (bare.project / "__main__.py").write_text("import time\nopen('started', 'w').close()\ntime.sleep(300)\n")
    run = bare.start("pulumi", "preview", "-s", "dev")
    while not (bare.folder / "project" / "started").exists():
        assert run.poll() is None
        time.sleep(0.05)
    for command in (("reset",), ("recover", "dev")):
        answer = bare.run(*command)
        assert answer.returncode == 2
        assert f"a command still runs in {bare.folder}, so {command[0]} would" in answer.stdout
    run.kill()
    run.wait()
    bare.ok("reset")


def test_odd_characters_in_the_path_of_project_and_sandbox_are_no_hindrance(tmp_path: Path, bare: Place):
    odd = Place(tmp_path / "50% #1?" / "a%20project", tmp_path / "50% #1?" / "a%20project" / ".sandbox")
    odd.project.parent.mkdir()
    bare.project.rename(odd.project)
    odd.up("dev")
    assert "dev" in odd.ok("pulumi", "stack", "ls")
    assert (odd.folder / "state" / ".pulumi" / "stacks" / "bare" / "dev.json").exists()
    assert "stack dev is new" not in odd.up("dev", "--expect-no-changes")


def test_no_process_is_left_after_the_engine_was_killed(bare: Place):
    (bare.project / "__main__.py").write_text("import time\nopen('started', 'w').close()\ntime.sleep(300)\n")
    run = bare.start("pulumi", "preview", "-s", "dev")
    while not (bare.folder / "project" / "started").exists():
        assert run.poll() is None
        time.sleep(0.05)
    # The runner became the engine, so its process id is the engine's.
    run.kill()
    run.wait()
    deadline = time.monotonic() + 30
    while processes_of(bare.folder) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(bare.folder) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Usage"),
        (("--",), "write the command after --"),
        (("--fail", "many", "--", "pulumi", "up"), "--fail many: write CODE:N"),
        (("--die-after", "0", "--", "pulumi", "up"), "Invalid value for '--die-after'"),
        (("--fail", "409:2:RoleAsignment", "--", "pulumi", "up"), "did you mean RoleAssignment?"),
        (("--delay", "nan", "--", "pulumi", "up"), "--delay nan: write a number of seconds"),
        (("--delay", "1", "reset"), "--delay does nothing to reset: it is for a command after --"),
        (("--fail", "409:1", "show"), "--fail does nothing to show"),
        (("--die-after", "1", "recover", "dev"), "--die-after does nothing to recover"),
        (("fly",), "No such command 'fly'"),
        (("recover", "dev"), "there is no stack 'dev'"),
        (("can", "x", "y", "--env", "prod"), "no such environment: prod\n  fix: --env with one of: dev"),
    ],
)
def test_wrong_use_is_told_and_ends_with_two(bare: Place, arguments: tuple[str, ...], said: str):
    answer = bare.run(*arguments) if arguments else bare.run("--help")
    assert answer.returncode == (2 if arguments else 0)
    assert said in answer.stdout


def test_outside_a_project_the_error_names_the_fix(tmp_path: Path):
    answer = Place(tmp_path, tmp_path / "box").run("pulumi", "up")
    assert answer.returncode == 2
    assert "holds no Pulumi.yaml" in answer.stdout
