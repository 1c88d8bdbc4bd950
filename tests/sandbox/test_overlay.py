"""The overlay: commands write into copies, never into the project."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sandbox import overlay
from sandbox.errors import SandboxError

SALT = "encryptionsalt: v1:abc=\n"
FACTS = "# the facts\nconfig:\n  keyless:environment:\n    location: koreacentral\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a project"
    (folder / "apps").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: toy\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text(FACTS)
    return folder


def test_a_folder_of_yaml_is_no_link_and_follows_the_project(project: Path, tmp_path: Path):
    app, read_me = project / "apps" / "team" / "a.yaml", project / "apps" / "README"
    app.parent.mkdir()
    app.write_text("app: a\n")
    read_me.write_text("hello")
    (app.parent / "loop").symlink_to("..")
    copy = overlay.refresh(project, tmp_path / "box") / "apps"
    seen = copy / "team" / "a.yaml"
    assert not copy.is_symlink() and not seen.is_symlink()
    assert seen.read_text() == "app: a\n"
    assert (copy / "README").read_text() == "hello"
    assert (copy / "team" / "loop").readlink() == Path("..")
    seen.write_text("app: mine\n")
    assert app.read_text() == "app: a\n"
    app.write_text("app: b, longer\n")
    read_me.unlink()
    overlay.refresh(project, tmp_path / "box")
    assert seen.read_text() == "app: b, longer\n"
    assert not (copy / "README").is_symlink()
    app.unlink()
    (project / "apps" / "team" / "loop").unlink()
    app.parent.rmdir()
    overlay.refresh(project, tmp_path / "box")
    assert not (copy / "team").exists()
    (project / "apps").rmdir()
    overlay.refresh(project, tmp_path / "box")
    assert not copy.exists()


def test_everything_but_stack_files_is_a_link_into_the_project(project: Path):
    (project / ".git").mkdir()
    (project / "code").mkdir()
    (project / "code" / "__init__.py").touch()
    copy = overlay.refresh(project, project / ".sandbox")
    links = {entry.name for entry in copy.iterdir() if entry.is_symlink()}
    assert links == {"code", "Pulumi.yaml"}
    assert (copy / "Pulumi.dev.yaml").read_text() == FACTS


def test_a_salt_written_into_the_copy_stays_there_and_leaves_the_project_alone(project: Path, tmp_path: Path):
    copy = overlay.refresh(project, tmp_path / "box")
    (copy / "Pulumi.dev.yaml").write_text(FACTS + SALT)
    (project / "Pulumi.dev.yaml").write_text(FACTS.replace("koreacentral", "koreasouth"))
    overlay.refresh(project, tmp_path / "box")
    assert (copy / "Pulumi.dev.yaml").read_text() == FACTS.replace("koreacentral", "koreasouth") + SALT
    assert SALT not in (project / "Pulumi.dev.yaml").read_text()


def test_a_setting_made_by_a_command_stays_and_one_taken_out_of_the_project_goes(
    project: Path, tmp_path: Path
):
    (project / "Pulumi.dev.yaml").write_text(FACTS + "  aws:region: here\n")
    copy = overlay.refresh(project, tmp_path / "box")
    content = yaml.safe_load((copy / "Pulumi.dev.yaml").read_text())
    content["config"]["keyless:extra"] = "set"
    (copy / "Pulumi.dev.yaml").write_text(yaml.safe_dump(content))
    (project / "Pulumi.dev.yaml").write_text(FACTS)
    overlay.refresh(project, tmp_path / "box")
    config = yaml.safe_load((copy / "Pulumi.dev.yaml").read_text())["config"]
    assert config == {"keyless:environment": {"location": "koreacentral"}, "keyless:extra": "set"}


def test_a_copy_that_needs_no_change_is_not_written_again(project: Path, tmp_path: Path):
    copy = overlay.refresh(project, tmp_path / "box")
    rewritten = yaml.safe_dump(yaml.safe_load(FACTS)) + SALT
    (copy / "Pulumi.dev.yaml").write_text(rewritten)
    overlay.refresh(project, tmp_path / "box")
    assert (copy / "Pulumi.dev.yaml").read_text() == rewritten


def test_a_team_stack_file_made_here_stays(project: Path, tmp_path: Path):
    copy = overlay.refresh(project, tmp_path / "box")
    (copy / "Pulumi.payments.dev.yaml").write_text(SALT)
    overlay.refresh(project, tmp_path / "box")
    assert (copy / "Pulumi.payments.dev.yaml").read_text() == SALT


def test_what_is_gone_from_the_project_is_gone_from_the_overlay(project: Path, tmp_path: Path):
    (project / "notes").write_text("x")
    copy = overlay.refresh(project, tmp_path / "box")
    (project / "notes").unlink()
    (project / "Pulumi.dev.yaml").unlink()
    overlay.refresh(project, tmp_path / "box")
    assert sorted(entry.name for entry in copy.iterdir()) == ["Pulumi.yaml", "apps"]


def test_a_file_that_is_no_yaml_is_copied_as_it_is(project: Path, tmp_path: Path):
    (project / "Pulumi.dev.yaml").write_bytes(b"config: [\xff")
    copy = overlay.refresh(project, tmp_path / "box")
    assert (copy / "Pulumi.dev.yaml").read_bytes() == b"config: [\xff"


def test_a_folder_without_pulumi_yaml_is_refused_with_the_fix(tmp_path: Path):
    with pytest.raises(SandboxError, match=r"holds no Pulumi\.yaml\n  fix: .*--project DIR"):
        overlay.refresh(tmp_path, tmp_path / "box")


def test_clearing_removes_links_and_not_what_they_point_to(project: Path):
    sandbox = project / ".sandbox"
    overlay.refresh(project, sandbox)
    overlay.clear(sandbox)
    assert not (sandbox / "project").exists()
    assert (project / "apps").is_dir()
