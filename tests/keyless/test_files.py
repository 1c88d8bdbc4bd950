"""Which files are read: what a link shows, what a name says, and what would be passed over without a word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from keyless.cli import main
from tests.keyless.project import app, facts, storage, write_project

OTHER = {"other": storage("stother")}


def check(root: Path) -> tuple[int, str]:
    """Exit code and errors of `keyless check`, which never fails in a way of its own."""
    result = CliRunner().invoke(main, ["-C", str(root), "check"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stderr


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A good project."""
    return write_project(tmp_path / "project", [app()], facts())


@pytest.mark.parametrize("links", [["loop"], ["loop", "other"]])
def test_a_link_to_a_folder_is_refused_and_not_followed(links: list[str], root: Path) -> None:
    (root / "apps" / "team").mkdir()
    for link in links:
        (root / "apps" / "team" / link).symlink_to("..")
    code, told = check(root)
    assert code == 2
    assert [line for line in told.splitlines() if "fix:" not in line] == [
        f"apps/team/{link}: a link to a folder, which is not followed [link]" for link in links
    ]


def test_the_folder_of_apps_is_no_link_either(root: Path) -> None:
    (root / "apps").rename(root / "elsewhere")
    (root / "apps").symlink_to("elsewhere")
    assert "apps: a link to a folder, which is not followed [link]" in check(root)[1]


@pytest.mark.parametrize("name", ["apps/x.yaml", "Pulumi.stg.yaml", "Pulumi.payments.dev.yaml"])
def test_a_link_that_leads_out_of_the_project_is_refused_unread(name: str, root: Path) -> None:
    outside = root.parent / "outside"
    outside.write_text("the-content: of another file\n", encoding="utf-8")
    (root / name).symlink_to(outside)
    code, told = check(root)
    assert code == 2
    assert f"{name}: a link that leads out of the project [link]" in told
    assert "content" not in told


def test_a_link_to_a_file_of_the_project_is_read(root: Path) -> None:
    (root / "apps" / "0.yaml").rename(root / "spec")
    (root / "apps" / "0.yaml").symlink_to("../spec")
    assert check(root) == (0, "")


@pytest.mark.parametrize("link", ["inc/a.yaml", "inc"])
def test_an_include_does_not_leave_the_project_by_a_link(link: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.yaml").write_text("the-content of another file\n", encoding="utf-8")
    root = write_project(tmp_path / "project", [app()], facts(include=["inc/*.yaml"]))
    if link != "inc":
        (root / "inc").mkdir()
    (root / link).symlink_to(tmp_path / "out" / ("" if link == "inc" else "a.yaml"))
    code, told = check(root)
    assert code == 2
    assert "include.0: inc/a.yaml leads out of the project, by a link [include]" in told
    assert "content" not in told


@pytest.mark.parametrize("name", ["apps/x.yaml", "Pulumi.stg.yaml", "Pulumi.payments.dev.yaml"])
def test_a_dead_link_is_told(name: str, root: Path) -> None:
    (root / name).symlink_to("nowhere")
    code, told = check(root)
    assert code == 2
    assert f"{name}: cannot read the file: No such file or directory [unreadable]" in told


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "apps" / "pipe.yaml")
    assert "apps/pipe.yaml: this is not a file [unreadable]" in check(root)[1]


@pytest.mark.parametrize("text", ["", "# no setting is left\n", "---\n", "encryptionsalt: v1:x\n"])
def test_the_file_of_a_teams_stack_may_hold_nothing(text: str, root: Path) -> None:
    (root / "Pulumi.payments.dev.yaml").write_text(text, encoding="utf-8")
    assert check(root) == (0, "")


@pytest.mark.parametrize("name", ["Pulumi.stg.yml", "Pulumi.payments.dev.yml"])
def test_a_file_that_nobody_reads_is_refused(name: str, root: Path) -> None:
    (root / name).write_text("anything", encoding="utf-8")
    code, told = check(root)
    assert code == 2
    assert told == (
        f"{name}: neither Pulumi nor Keyless reads this file: its name ends in .yml [ignored-file]\n"
        f"  fix: rename it to {name[:-3]}yaml, or remove it\n"
    )


@pytest.mark.parametrize("word", ["check", "stacks"])
def test_a_project_without_environments_is_no_success(word: str, root: Path) -> None:
    (root / "Pulumi.dev.yaml").unlink()
    result = CliRunner().invoke(main, ["-C", str(root), word])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(
        "the project has no environment: no file Pulumi.<name>.yaml [no-environment]"
    )


@pytest.mark.parametrize(
    "words", [["plan", "prod"], ["stacks", "--env", "prod"], ["plan", "../dev"], ["plan", ""]]
)
def test_an_environment_that_is_not_there_is_told_with_those_that_are(words: list[str], root: Path) -> None:
    result = CliRunner().invoke(main, ["-C", str(root), *words])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"there is no environment '{words[-1]}': no file Pulumi.{words[-1]}.yaml [no-environment]\n"
        "  fix: write one of: dev\n"
    )


@pytest.mark.parametrize("name", ["my env", "개발", "-dev", "dév"])
def test_a_name_that_no_stack_can_have_is_refused(name: str, root: Path) -> None:
    (root / "Pulumi.dev.yaml").rename(root / f"Pulumi.{name}.yaml")
    code, told = check(root)
    assert code == 2
    assert "cannot be the name of an environment, for its stack could not have it [environment-name]" in told


@pytest.mark.parametrize(
    "patterns", [["i/*.yaml", "i/a.yaml"], ["i/a.yaml", "./i/a.yaml"], ["i/*", "**/a.yaml"]]
)
def test_a_file_that_two_patterns_name_is_included_once(patterns: list[str], tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", [app()], facts(include=patterns))
    (root / "i").mkdir()
    (root / "i" / "a.yaml").write_text(yaml.safe_dump({"resources": OTHER}), encoding="utf-8")
    assert check(root) == (0, "")


def test_one_name_in_two_included_files_is_refused(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", [app()], facts(include=["i/*.yaml"]))
    (root / "i").mkdir()
    for name in ("a", "b"):
        (root / "i" / f"{name}.yaml").write_text(yaml.safe_dump({"resources": OTHER}), encoding="utf-8")
    assert "i/b.yaml:2:3: resources.other: 'other' stands in another file" in check(root)[1]


def test_a_pattern_that_is_too_long_for_a_file_names_none(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", [app()], facts(include=["a" * 5_000]))
    code, told = check(root)
    assert code == 2
    assert f"'{'a' * 200}...' names no file inside the project [include]" in told
