"""The wheel `keyless` holds the pure package alone, with its data, and needs very little."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("keyless-*.whl")
    return zipfile.ZipFile(path)


def test_it_holds_every_file_of_keyless_and_no_other(wheel: zipfile.ZipFile) -> None:
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = (path for path in (ROOT / "keyless").rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert held == {path.relative_to(ROOT).as_posix() for path in files}


def test_without_extras_it_needs_what_the_project_says_and_no_pulumi(wheel: zipfile.ZipFile) -> None:
    (name,) = [name for name in wheel.namelist() if name.endswith("METADATA")]
    needs = Parser().parsestr(wheel.read(name).decode()).get_all("Requires-Dist") or []
    base = sorted(need for need in needs if "extra ==" not in need)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert base == sorted(project["dependencies"])
    assert not any(need.startswith(("pulumi", "grpc")) for need in base)


def test_it_plans_by_itself(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path)
    command = [sys.executable, "-m", "keyless", "-C", str(ROOT), "plan", "dev", "--format", "json"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert answer.stdout == (ROOT / "tests" / "golden" / "dev.plan.json").read_text(encoding="utf-8")
