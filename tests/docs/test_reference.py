"""The generated pages and schemas are current and whole: every field is explained, every link leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.generate import render_all, stale, write_all
from docs.tooling.commands import commands
from docs.tooling.kinds import kinds
from docs.tooling.models import anchor, reached
from docs.tooling.wording import Words
from keyless.catalogue import KINDS
from keyless.cli import main
from keyless.registry import EnvironmentFacts
from keyless.render.field_docs import field_docs
from keyless.spec import App

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(render_all())


@pytest.mark.parametrize("page", PAGES)
def test_what_is_generated_is_current(page: str) -> None:
    assert (ROOT / page).read_text(encoding="utf-8") == render_all()[page], "run `make docs`"


def test_nothing_else_stands_in_the_generated_folders() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for name in ("docs/reference", "schema")
        for path in (ROOT / name).iterdir()
    }
    assert found == set(PAGES)


@pytest.mark.parametrize("root", [App, EnvironmentFacts])
def test_every_field_that_a_person_can_write_is_explained(root: type[App] | type[EnvironmentFacts]) -> None:
    bare = [
        f"{model.__name__}.{name}"
        for model in reached(root)
        for name in model.model_fields
        if not field_docs(model).get(name, "").endswith(".")
    ]
    assert bare == []
    assert len(reached(root)) >= 8


def test_every_kind_and_every_command_has_its_part() -> None:
    assert tuple(kind.name for kind in kinds()) == tuple(sorted(KINDS))
    assert {f"keyless {name}" for name in main.commands} < {command.name for command in commands()}


def test_settings_and_scopes_are_those_of_the_kinds() -> None:
    (blob,) = (kind for kind in kinds() if kind.name == "blob")
    assert [(one.access, one.role.name, one.scope) for one in blob.granted] == [
        ("read", "Storage Blob Data Reader", "`/blobServices/default/containers/<container>`"),
        ("write", "Storage Blob Data Contributor", "`/blobServices/default/containers/<container>`"),
    ]
    assert blob.settings == {
        ("storage",): {
            "NAME_CONTAINER": "`<container>`",
            "NAME_ENDPOINT": "`https://<resource>.blob.core.windows.net`",
        }
    }
    (redis,) = (kind for kind in kinds() if kind.name == "redis")
    assert redis.settings[("redis-managed",)]["NAME_USERNAME"] == "the identity's principal id"


def test_a_type_without_words_stops_the_generator() -> None:
    with pytest.raises(TypeError, match="has no words for <class 'complex'>"):
        Words({}).of(complex)


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    assert sorted(write_all(tmp_path)) == PAGES
    (tmp_path / PAGES[0]).write_text("old", encoding="utf-8")
    assert list(stale(tmp_path)) == [PAGES[0]]
    assert write_all(tmp_path) == (PAGES[0],)
    assert write_all(tmp_path) == ()


def test_the_script_runs() -> None:
    command = [sys.executable, "-m", "docs.generate", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def _markdown() -> list[Path]:
    folders = [
        ROOT,
        ROOT / "docs",
        ROOT / "docs" / "adr",
        ROOT / "docs" / "guides",
        ROOT / "docs" / "reference",
    ]
    return sorted(
        {*(path for folder in folders for path in folder.glob("*.md")), *ROOT.glob("examples/**/README.md")}
    )


@pytest.mark.parametrize("page", _markdown(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        path, _, fragment = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name} links to {target}"
        if fragment:
            whole = file.read_text(encoding="utf-8")
            headings = {anchor(line.lstrip("# ")) for line in whole.splitlines() if line.startswith("#")}
            assert fragment in headings | set(re.findall(r'<a id="([^"]+)"', whole)), f"{page.name}: {target}"
