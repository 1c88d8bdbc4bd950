"""A grant that exists already is referred to: read at each `up`, never made and never deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from keyless.cli import main
from sandbox import derived, store
from sandbox.azure.cloud import Cloud
from sandbox.project import read_project
from tests.support.places import Place

DATA = "/subscriptions/00000000-0000-0000-0000-00000000000d/resourceGroups/rg-data/providers"
ROLES = (
    "/subscriptions/00000000-0000-0000-0000-00000000000d/providers/Microsoft.Authorization/roleDefinitions"
)
IDENTITY = f"{DATA}/Microsoft.ManagedIdentity/userAssignedIdentities/id-old"
PRINCIPAL = "00000000-0000-0000-0000-0000000001d0"
ASSIGNMENT = (
    f"{DATA}/Microsoft.Storage/storageAccounts/storders/blobServices/default/containers/invoices"
    "/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-00000000a551"
)
POLICY = (
    f"{DATA}/Microsoft.Cache/redisEnterprise/redis-sessions/databases/default/accessPolicyAssignments/byhand"
)
READER = f"{ROLES}/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CONTRIBUTOR = f"{ROLES}/ba92f5b4-2d11-453d-a403-e96b0029c9fe"
CREDENTIAL = f"{IDENTITY}/federatedIdentityCredentials/by-hand"
BOTH = {"invoices": ASSIGNMENT, "sessions": POLICY}


def write_environment(
    place: Place, grants: dict[str, str], credentials: dict[str, str] | None = None
) -> None:
    """Let checkout run as the old identity, with these grants and credentials of it."""
    file = place.project / "Pulumi.dev.yaml"
    content = yaml.safe_load(file.read_text())
    facts = content["config"]["keyless:environment"]
    facts["apps"] = {"checkout": {"identity": IDENTITY, "grants": grants, "credentials": credentials or {}}}
    file.write_text(yaml.safe_dump(content, sort_keys=False))


def write_world(
    place: Place, role: str = READER, principal: str = PRINCIPAL, condition: str | None = None
) -> None:
    """The shop as it is, with an identity that two grants were given to by hand."""
    world = derived.derive(read_project(place.project, "dev"))
    rows: dict[str, dict[str, Any]] = {one["id"]: dict(one) for one in world["azure"]}
    rows[IDENTITY] |= {
        "properties": {"principalId": PRINCIPAL, "clientId": "00000000-0000-0000-0000-0000000001d1"}
    }
    rows[ASSIGNMENT] = {
        "id": ASSIGNMENT,
        "properties": {
            "principalId": principal,
            "roleDefinitionId": role,
            "principalType": "ServicePrincipal",
        },
    }
    if condition:
        rows[ASSIGNMENT]["properties"] |= {"condition": condition, "conditionVersion": "2.0"}
    rows[POLICY] = {
        "id": POLICY,
        "properties": {"accessPolicyName": "default", "user": {"objectId": PRINCIPAL}},
    }
    folder = place.project / "sandbox" / "worlds"
    folder.mkdir(parents=True)
    (folder / "dev.yaml").write_text(yaml.safe_dump({**world, "azure": list(rows.values())}))


def bodies(place: Place) -> list[Any]:
    """Both grants as they stand in the cloud."""
    connection = store.connect(place.folder)
    try:
        return [Cloud(connection).get(one) for one in (ASSIGNMENT, POLICY)]
    finally:
        connection.close()


def test_up_again_and_destroy_leave_existing_grants_alone(shop: Place) -> None:
    write_environment(shop, BOTH)
    write_world(shop)
    shop.up("dev")
    shop.up("payments.dev")
    before = bodies(shop)
    assert all(before)
    assert shop.run("can", "checkout", "invoices").returncode == 0
    assert shop.run("can", "checkout", "sessions").returncode == 0
    shop.up("payments.dev", "--expect-no-changes")
    shop.ok("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", "payments.dev")
    assert bodies(shop) == before
    shop.destroy("payments.dev")
    shop.destroy("dev")
    assert bodies(shop) == before
    assert shop.differences() == []


def test_without_the_entry_azure_refuses_and_the_error_says_what_to_write(shop: Place) -> None:
    write_environment(shop, {})
    write_world(shop)
    shop.up("dev")
    answer = shop.run("pulumi", "up", "--yes", "--skip-preview", "-s", "payments.dev", "--color", "never")
    assert answer.returncode != 0
    assert "RoleAssignmentExists" in answer.stdout
    told = [line for line in answer.stdout.splitlines() if "the identity holds this grant already" in line]
    assert {line.partition("[")[2].partition("]")[0] for line in told} >= {
        "checkout-orders-invoices-grant",
        "checkout-sessions-grant",
    }
    assert all("`az role assignment list --all -o json | keyless import dev`" in line for line in told)
    # The remedy it names: the entry makes the same `up` go through.
    write_environment(shop, BOTH)
    shop.up("payments.dev")
    assert shop.run("can", "checkout", "invoices").returncode == 0


@pytest.mark.parametrize(
    ("role", "principal"), [(CONTRIBUTOR, PRINCIPAL), (READER, "00000000-0000-0000-0000-0000000001d9")]
)
def test_a_grant_that_is_not_the_use_s_fails_the_preview(shop: Place, role: str, principal: str) -> None:
    write_environment(shop, BOTH)
    write_world(shop, role, principal)
    answer = shop.run("pulumi", "preview", "-s", "payments.dev", "--color", "never")
    assert answer.returncode != 0
    assert f"{ASSIGNMENT} gives '{role.rpartition('/')[2]}' to the principal {principal}" in answer.stdout
    assert "Traceback" not in answer.stdout


def test_a_grant_under_a_condition_fails_the_preview(shop: Place) -> None:
    path = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path"
    condition = f"(@Resource[{path}] StringStartsWith '2026/')"
    write_environment(shop, BOTH)
    write_world(shop, condition=condition)
    answer = shop.run("pulumi", "preview", "-s", "payments.dev", "--color", "never")
    assert answer.returncode != 0
    assert f"{ASSIGNMENT} holds where {condition}; invoices needs it everywhere" in answer.stdout


def test_a_credential_that_exists_is_referred_to_and_stays(shop: Place) -> None:
    write_environment(shop, BOTH)
    write_world(shop)
    shop.up("dev")
    (name,) = json.loads(shop_plan(shop))["apps"][0]["credentials"]
    body = {key: name[key] for key in ("issuer", "subject", "audiences")}
    world = shop.project / "sandbox" / "worlds" / "dev.yaml"
    content = yaml.safe_load(world.read_text())
    content["azure"].append({"id": CREDENTIAL, "properties": body})
    world.write_text(yaml.safe_dump(content))
    answer = shop.run("pulumi", "up", "--yes", "--skip-preview", "-s", "payments.dev", "--color", "never")
    assert answer.returncode != 0
    assert "`apps: {<app>: {credentials: {<name>: <id>}}}`" in answer.stdout
    write_environment(shop, BOTH, {name["name"]: CREDENTIAL})
    shop.up("payments.dev")
    assert shop.run("can", "checkout", "invoices").returncode == 0
    shop.up("payments.dev", "--expect-no-changes")
    shop.destroy("payments.dev")
    shop.destroy("dev")
    assert shop.differences() == []


def shop_plan(place: Place) -> str:
    """The plan of checkout as JSON."""
    command = ["-C", str(place.project), "plan", "dev", "--app", "checkout", "--format", "json"]
    return CliRunner().invoke(main, command).stdout
