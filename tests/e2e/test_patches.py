"""Patches of workloads whose owner has variables of its own, over updates, refreshes and drift (docs/adr/0006)."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from sandbox import store
from sandbox.kubernetes.backend import Ref
from sandbox.kubernetes.memory import MemoryBackend
from tests.support.changes import operations
from tests.support.places import Place

STACK = "payments.dev"
PATCH = "DeploymentPatch checkout-aks-one-payments-deployment-checkout-patch"
CHECKOUT = Ref("apps/v1", "Deployment", "payments", "checkout")
ASSISTANT = "  assistant: {kind: openai, account: assistant, deployment: gpt-4o, access: use}\n"
UP = ("pulumi", "up", "--yes", "--skip-preview")
REFRESH = ("pulumi", "refresh", "--yes", "--skip-preview", "-s", STACK)


@pytest.fixture
def up(shop: Place) -> Place:
    """The shop's payments stack, up."""
    shop.up("dev")
    shop.up(STACK)
    return shop


def template(place: Place) -> dict[str, Any]:
    with closing(store.connect(place.folder)) as connection:
        live = MemoryBackend(connection, "aks-one").get(CHECKOUT)
    assert live is not None
    return live["spec"]["template"]


def variables(place: Place) -> list[str]:
    return [one["name"] for one in template(place)["spec"]["containers"][0]["env"]]


def drop_a_use(place: Place) -> dict[str, str]:
    """Take a use away; what the next `up` does, by resource."""
    file = place.project / "apps" / "payments" / "checkout.yaml"
    file.write_text(file.read_text().replace(ASSISTANT, ""))
    return operations(place.events(STACK, *UP))


def apply(place: Place, body: dict[str, Any], manager: str = "someone") -> None:
    """A forced apply past Pulumi."""
    with closing(store.connect(place.folder)) as connection:
        whole = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "checkout"}, **body}
        MemoryBackend(connection, "aks-one").apply(CHECKOUT, whole, manager, force=True)


def test_variables_behind_those_of_the_owner_are_no_change(up: Place):
    assert variables(up)[0] == "LOG_LEVEL"
    assert len(variables(up)) > 1
    for _ in range(2):
        up.up(STACK, "--expect-no-changes")
        up.ok(*REFRESH, "--expect-no-changes")


@pytest.mark.parametrize("refreshed", [False, True])
def test_a_use_that_goes_takes_its_variables_along_and_leaves_the_rest(up: Place, refreshed: bool):
    """After a refresh the inputs in the state hold the owner's variables in the place of ours."""
    before = template(up)
    if refreshed:
        up.ok(*REFRESH)
    assert drop_a_use(up)[PATCH] == "replace"
    after = template(up)
    env = before["spec"]["containers"][0]["env"]
    assert any(one["name"].startswith("ASSISTANT") for one in env)
    env[:] = [one for one in env if not one["name"].startswith("ASSISTANT")]
    before["metadata"]["annotations"] = after["metadata"]["annotations"]
    assert after == before
    up.up(STACK, "--expect-no-changes")


def test_a_change_after_a_refresh_never_makes_us_an_owner_of_others_fields(up: Place):
    up.ok(*REFRESH)
    drop_a_use(up)
    with closing(store.connect(up.folder)) as connection:
        managers = MemoryBackend(connection, "aks-one").managers(CHECKOUT)
    assert "LOG_LEVEL" not in json.dumps(managers["keyless-checkout"])
    assert "image" not in json.dumps(managers["keyless-checkout"])


def test_a_label_that_someone_changed_is_found_by_refresh_and_written_again(up: Place):
    label = "azure.workload.identity/use"
    before = template(up)
    apply(up, {"spec": {"template": {"metadata": {"labels": {label: "false"}}}}})
    apply(up, {})
    assert label not in template(up)["metadata"]["labels"]
    assert up.run(*REFRESH, "--expect-no-changes").returncode != 0
    assert operations(up.events(STACK, *UP)) == {PATCH: "replace"}
    assert template(up) == before


def test_replacing_owner_and_patch_by_hand_writes_all_again(up: Place):
    before = template(up)
    urns = [urn for urn in up.ids(STACK) if "DeploymentPatch::checkout" in urn]
    assert len(urns) == 2
    up.up(STACK, *(word for urn in urns for word in ("--replace", urn)))
    assert template(up) == before
    up.up(STACK, "--expect-no-changes")


def test_an_app_that_goes_takes_all_its_fields_along(shop: Place):
    shop.up("dev")
    before = template(shop)
    shop.up(STACK)
    shop.ok(*REFRESH)
    (shop.project / "apps" / "payments" / "checkout.yaml").unlink()
    shop.up(STACK)
    assert template(shop) == before
