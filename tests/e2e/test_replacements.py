"""What hangs on a resource comes back with it when it is replaced, and killing the engine in the middle loses nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.places import Place

UP = ("pulumi", "up", "--yes", "--skip-preview")
STACK = "payments.dev"
# More than the edits below have operations, so that the last rounds die after the end: then nothing dies.
LAST_OPERATION = 16


def edit(place: Place, path: str, before: str, after: str) -> None:
    """Replace the one occurrence of `before` in a file of the project."""
    file = place.project / path
    text = file.read_text()
    assert text.count(before) == 1, (path, before)
    file.write_text(text.replace(before, after))


def may(place: Place, app: str, use: str) -> str:
    return place.run("can", app, use).stdout


@pytest.fixture
def up(shop: Place) -> Place:
    """The shop's own stack and payments, up."""
    shop.up("dev")
    shop.up(STACK)
    return shop


def test_an_identity_that_is_replaced_gets_its_credentials_and_grants_back(up: Place):
    """Its credentials go with it in Azure, and nothing among their own inputs changes."""
    assert may(up, "checkout", "sessions").startswith("yes")
    edit(up, "Pulumi.dev.yaml", 'name: "id-{app}-{env}"}', 'name: "id-{app}-{env}", location: koreasouth}')
    up.up(STACK)
    for use in ("invoices", "sessions", "assistant"):
        assert may(up, "checkout", use).startswith("yes"), may(up, "checkout", use)
    up.ok("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", STACK)
    up.up(STACK, "--expect-no-changes")


def test_a_private_endpoint_that_is_replaced_gets_its_zone_group_back(up: Place):
    (urn,) = [one for one in up.ids("dev") if one.endswith("PrivateEndpoint::orders-blob-endpoint")]
    up.up("dev", "--replace", urn)
    up.ok("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", "dev")
    assert "private endpoint" in may(up, "checkout", "invoices")


@pytest.fixture(scope="module")
def before_the_edit(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Place:
    """The shop, up once for all rounds, each of which begins with a copy."""
    root: Path = request.config.rootpath
    base = tmp_path_factory.mktemp("base")
    shutil.copytree(root / "tests" / "e2e" / "shop", base / "shop")
    for name in ("__main__.py", "components", "keyless"):
        (base / "shop" / name).symlink_to(root / name)
    place = Place(base / "shop", base / "sandbox")
    place.up("dev")
    place.up(STACK)
    return place


def edit_much(place: Place) -> None:
    """One verb (a grant is replaced), one use gone, an app gone, and every identity in another region."""
    edit(place, "apps/payments/checkout.yaml", "invoices, access: read", "invoices, access: write")
    edit(
        place,
        "apps/payments/checkout.yaml",
        "  assistant: {kind: openai, account: assistant, deployment: gpt-4o, access: use}\n",
        "",
    )
    edit(place, "Pulumi.dev.yaml", 'name: "id-{app}-{env}"}', 'name: "id-{app}-{env}", location: koreasouth}')
    (place.project / "apps" / "payments" / "worker.yaml").unlink()


@pytest.mark.parametrize("after", range(1, LAST_OPERATION + 1))
def test_a_crash_in_the_middle_of_replacements_is_recovered(
    before_the_edit: Place, tmp_path: Path, after: int
):
    place = Place(tmp_path / "shop", tmp_path / "sandbox")
    shutil.copytree(before_the_edit.project, place.project, symlinks=True)
    # The overlay of the copy links to the project that it was copied from.
    shutil.copytree(
        before_the_edit.folder, place.folder, symlinks=True, ignore=shutil.ignore_patterns("project")
    )
    edit_much(place)
    killed = place.run(*UP, "-s", STACK, switches=("--die-after", str(after)))
    assert killed.returncode in (0, -9), killed.stdout
    if killed.returncode:
        place.ok("recover", STACK)
    place.up(STACK)
    place.up(STACK, "--expect-no-changes")
    place.ok("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", STACK)
    for use in ("invoices", "sessions"):
        assert may(place, "checkout", use).startswith("yes"), may(place, "checkout", use)
    place.destroy(STACK)
    place.destroy("dev")
    assert place.differences() == []
