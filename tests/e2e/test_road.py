"""The whole road off keys and public access: as the documentation's script walks it, and operation by operation."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.places import ROOT, Place

ROAD = ROOT / "docs" / "road"
UP = ("pulumi", "up", "--yes", "--skip-preview")
STEPS = (
    ("network: public", "network: endpoint"),
    ("network: endpoint", "network: private"),
    ("keys: allowed", "keys: forbidden"),
)
# More operations than one step of this shop has.
MANY = 40


def test_the_script_in_the_documentation_arrives():
    done = subprocess.run(
        ["sh", str(ROAD / "road.sh")], capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    steps = re.findall(r"^== (\d+)\.", done.stdout, re.MULTILINE)
    assert steps == [str(number) for number in range(1, 11)]
    assert done.stdout.endswith("The whole road, and back home.\n")


@pytest.fixture
def shop(tmp_path: Path) -> Place:
    """The script's shop, patched and without left-overs, still open and with keys."""
    project = tmp_path / "shop"
    shutil.copytree(ROAD / "shop", project)
    for name in ("__main__.py", "components", "keyless"):
        (project / name).symlink_to(ROOT / name)
    manifest = project / "apps" / "payments" / "deploy" / "checkout.yaml"
    text, removed = re.subn(r" +- name: \w+\n +valueFrom: .*\n", "", manifest.read_text())
    assert removed == 3
    manifest.write_text(text)
    place = Place(project, tmp_path / "sandbox")
    edit(place, "checkout: {stage: granted}", "checkout: {}")
    place.up("dev")
    place.up("payments.dev")
    assert works(place)
    return place


def edit(place: Place, before: str, after: str) -> None:
    file = place.project / "Pulumi.dev.yaml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def works(place: Place) -> bool:
    told = place.run("can")
    return told.returncode == 0 and not re.search(r"  no  ", told.stdout)


def copied(place: Place, folder: Path) -> Place:
    """A copy of project and sandbox, as they stand."""
    copy = Place(folder / "shop", folder / "sandbox")
    shutil.copytree(place.project, copy.project, symlinks=True)
    # The overlay of the copy links to the project that it was copied from.
    shutil.copytree(place.folder, copy.folder, symlinks=True, ignore=shutil.ignore_patterns("project"))
    return copy


def test_the_app_is_kept_out_after_no_single_operation(shop: Place, tmp_path: Path):
    """The `up` of each step stops dead after its first change of the cloud, its second, and so on; then the app is asked."""
    for number, (before, after) in enumerate(STEPS):
        edit(shop, before, after)
        for operations in range(1, MANY):
            place = copied(shop, tmp_path / f"{number}-{operations}")
            done = place.run(*UP, "-s", "dev", switches=("--die-after", str(operations)))
            assert done.returncode in (0, -9), done.stdout
            assert works(place), (after, operations, place.run("can").stdout)
            shutil.rmtree(tmp_path / f"{number}-{operations}")
            if done.returncode == 0:
                break
        assert operations > 3, after
        shop.up("dev")
        assert works(shop)
    for resource in ("orders", "sessions", "assistant"):
        for where in ("internet", "aks-dev"):
            assert shop.run("can", "--key", resource, "--from", where).returncode == 1
