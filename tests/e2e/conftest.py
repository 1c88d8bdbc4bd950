"""A sandbox of its own for each end-to-end test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.doors import Doors
from tests.support.places import ROOT, Place

# The parts of the repository that a run reads; all else would only be copied.
PROJECT_PARTS = (
    "Pulumi.yaml",
    "Pulumi.*.yaml",
    "__main__.py",
    "apps",
    "components",
    "environments",
    "keyless",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here runs the real engine."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("slow")


@pytest.fixture(scope="session", autouse=True)
def engine() -> Path:
    """The Pulumi engine, found or built once for all tests."""
    from sandbox.engine import find

    return find(ROOT / "tools" / "engine").pulumi


@pytest.fixture
def toy(tmp_path: Path) -> Place:
    """A small project without Keyless, in folders with spaces in their names."""
    project = tmp_path / "a toy"
    shutil.copytree(ROOT / "tests" / "e2e" / "toy", project)
    return Place(project, tmp_path / "a sandbox")


@pytest.fixture
def make_place(tmp_path: Path) -> Callable[[Path], Place]:
    """A sandbox for a project folder of the test's own."""
    return lambda project: Place(project, tmp_path / "sandbox")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A copy of this repository's own project, which the test may edit."""
    project = tmp_path / "project"
    project.mkdir()
    for pattern in PROJECT_PARTS:
        for source in ROOT.glob(pattern):
            if source.is_dir():
                shutil.copytree(source, project / source.name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, project / source.name)
    (project / "sandbox").mkdir()
    worlds = ROOT / "sandbox" / "worlds"
    if worlds.exists():
        shutil.copytree(worlds, project / "sandbox" / "worlds")
    return Place(project, tmp_path / "sandbox")


@pytest.fixture
def shop(tmp_path: Path) -> Place:
    """A small shop on the real program and components, which the test may edit."""
    project = tmp_path / "shop"
    shutil.copytree(ROOT / "tests" / "e2e" / "shop", project)
    for name in ("__main__.py", "components", "keyless"):
        (project / name).symlink_to(ROOT / name)
    return Place(project, tmp_path / "sandbox")


@pytest.fixture
def doors(tmp_path: Path) -> Doors:
    project = tmp_path / "doors"
    shutil.copytree(ROOT / "tests" / "e2e" / "doors", project)
    for name in ("components", "keyless"):
        (project / name).symlink_to(ROOT / name)
    found = Doors(Place(project, tmp_path / "sandbox"))
    found.want(patches=[])
    found.place.ok("pulumi", "stack", "ls")
    return found
