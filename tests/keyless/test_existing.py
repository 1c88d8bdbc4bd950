"""Grants that exist: the plan refers to them, where they can be what the use needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from keyless.errors import KeylessError
from keyless.plan import Grant
from keyless.render.plan_json import render_plan_json
from keyless.render.plan_table import render_plan_table
from tests.keyless.project import DATA, SUBSCRIPTION, app, apps_of, blob, facts, planned

IDENTITY = f"{DATA}/Microsoft.ManagedIdentity/userAssignedIdentities/id-old"
GUID = "aaaaaaaa-0000-0000-0000-00000000a551"
ORDERS = f"{DATA}/Microsoft.Storage/storageAccounts/storders"
INVOICES = f"{ORDERS}/blobServices/default/containers/invoices"
ASSIGNMENT = f"{INVOICES}/providers/Microsoft.Authorization/roleAssignments/{GUID}"
CACHE = f"{DATA}/Microsoft.Cache/redis/rdc/accessPolicyAssignments/By-Hand"
MANAGED = f"{DATA}/Microsoft.Cache/redisEnterprise/amr/databases/default/accessPolicyAssignments/byhand"
USES: dict[str, Any] = {
    "invoices": blob(),
    "drafts": blob(container="drafts"),
    "cache": {"kind": "redis", "cache": "cache", "access": "read"},
    "sessions": {"kind": "redis", "cache": "sessions", "access": "write"},
}


def grants(tmp_path: Path, written: dict[str, str], **uses: Any) -> dict[str, Grant]:
    """The grants of an app on an existing identity, by their uses."""
    override = {"checkout": {"identity": IDENTITY, "grants": written}}
    plan = planned(tmp_path, [app(uses=USES | uses)], facts(apps=override))
    return {",".join(grant.uses): grant for grant in apps_of(plan)["checkout"].grants}


@pytest.mark.parametrize(
    ("use", "written", "name"),
    [
        ("invoices", ASSIGNMENT, GUID),
        ("invoices", ASSIGNMENT.upper().replace("/SUBSCRIPTIONS/", "/subscriptions/") + "/", GUID),
        ("cache", CACHE, "by-hand"),
        ("sessions", MANAGED, "byhand"),
    ],
)
def test_the_named_grant_is_referred_to_and_the_others_are_made(
    tmp_path: Path, use: str, written: str, name: str
) -> None:
    found = grants(tmp_path, {use: written})
    assert (found[use].made, found[use].assignment) == (False, name)
    assert all(grant.made for key, grant in found.items() if key != use)


def test_all_but_the_name_is_as_if_keyless_made_it(tmp_path: Path) -> None:
    referred = grants(tmp_path / "a", {"invoices": ASSIGNMENT})["invoices"]
    made = grants(tmp_path / "b", {})["invoices"]
    assert referred.logical_name == made.logical_name
    assert (referred.scope, referred.role_id, referred.uses) == (made.scope, made.role_id, made.uses)  # type: ignore[union-attr]


def test_two_uses_of_one_target_may_both_name_its_grant(tmp_path: Path) -> None:
    found = grants(tmp_path, {"invoices": ASSIGNMENT, "more": ASSIGNMENT}, more=blob())
    assert found["invoices,more"].made is False


def test_json_and_table_say_what_exists(tmp_path: Path) -> None:
    override = {"checkout": {"identity": IDENTITY, "grants": {"invoices": ASSIGNMENT}}}
    plan = planned(
        tmp_path, [app(uses={"invoices": blob(), "drafts": blob(container="drafts")})], facts(apps=override)
    )
    (shown,) = json.loads(render_plan_json(plan))["apps"]
    assert {one["uses"][0]: (one["made"], one["assignment"] == GUID) for one in shown["grants"]} == {
        "drafts": (True, False),
        "invoices": (False, True),
    }
    lines = [line for line in render_plan_table(plan).splitlines() if line.endswith("(exists)")]
    assert len(lines) == 1 and "invoices" in lines[0]


REFUSED: dict[str, tuple[dict[str, str], dict[str, Any], str, str]] = {
    "no such use": (
        {"invoice": ASSIGNMENT},
        {},
        "unknown-use",
        "write one of: cache, drafts, invoices, sessions",
    ),
    "another scope": ({"drafts": ASSIGNMENT}, {}, "grant-scope", "remove the line: Keyless makes one"),
    "the account's": (
        {"invoices": f"{ORDERS}/providers/Microsoft.Authorization/roleAssignments/{GUID}"},
        {},
        "grant-scope",
        "name the grant at that scope",
    ),
    "a policy for a role": ({"invoices": CACHE}, {}, "grant-form", "write the id of a role assignment"),
    "a role for a policy": (
        {"cache": ASSIGNMENT},
        {},
        "grant-form",
        "write the id of an access policy assignment",
    ),
    "two of one target": (
        {"invoices": ASSIGNMENT, "more": ASSIGNMENT.replace("aaaaaaaa", "bbbbbbbb")},
        {"more": blob()},
        "two-grants",
        "keep one",
    ),
    "no id": ({"invoices": "Storage Blob Data Reader"}, {}, "grant-id", "roleAssignments/<guid>"),
    "a name that is no GUID": (
        {"invoices": ASSIGNMENT.replace(GUID, "mine")},
        {},
        "grant-id",
        "roleAssignments/<guid>",
    ),
    "of a tenant": (
        {"invoices": f"/providers/Microsoft.Authorization/roleAssignments/{GUID}"},
        {},
        "grant-id",
        "roleAssignments/<guid>",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_grant_that_cannot_be_the_use_s_is_refused_with_its_line(tmp_path: Path, case: str) -> None:
    written, uses, rule, fix = REFUSED[case]
    with pytest.raises(KeylessError) as error:
        grants(tmp_path, written, **uses)
    (found,) = error.value.findings
    assert (found.rule, found.file, found.line is not None) == (rule, "Pulumi.dev.yaml", True)
    assert fix in found.fix
    assert found.key is not None
    assert found.key.startswith("config.keyless:environment.apps.checkout.grants.")


def test_the_grant_that_keyless_makes_itself_is_not_one_that_exists(tmp_path: Path) -> None:
    own = grants(tmp_path / "a", {})["invoices"].assignment
    with pytest.raises(KeylessError) as error:
        grants(tmp_path / "b", {"invoices": ASSIGNMENT.replace(GUID, own.upper())})
    assert [found.rule for found in error.value.findings] == ["own-grant"]


def test_an_identity_that_keyless_makes_holds_no_grant_yet(tmp_path: Path) -> None:
    override = {"checkout": {"grants": {"invoices": ASSIGNMENT}}}
    with pytest.raises(KeylessError) as error:
        planned(tmp_path, [app()], facts(apps=override))
    assert [found.rule for found in error.value.findings] == ["grant-without-identity"]
    assert SUBSCRIPTION in ASSIGNMENT


BY_HAND = f"{IDENTITY}/federatedIdentityCredentials/By-Hand"


def credentials(tmp_path: Path, written: dict[str, str], **more: Any) -> dict[str, Any]:
    """The credentials of an app on an existing identity, by their names."""
    override = {"checkout": {"identity": IDENTITY, "credentials": written} | more}
    plan = planned(tmp_path, [app()], facts(apps=override))
    return {one.name: one for one in apps_of(plan)["checkout"].credentials}


def test_the_named_credential_is_referred_to(tmp_path: Path) -> None:
    (planned_name,) = credentials(tmp_path / "a", {})
    made = credentials(tmp_path / "a2", {})[planned_name]
    (referred,) = credentials(
        tmp_path / "b",
        {
            planned_name: BY_HAND.upper()
            .replace("BY-HAND", "By-Hand")
            .replace("/SUBSCRIPTIONS", "/subscriptions")
        },
    ).values()
    assert (referred.name, referred.made, made.made) == ("By-Hand", False, True)
    assert (referred.logical_name, referred.subject) == (made.logical_name, made.subject)


@pytest.mark.parametrize(
    ("case", "rule", "fix"),
    [
        ("unknown", "unknown-credential", "write one of: "),
        ("foreign", "foreign-credential", f"name one of {IDENTITY}"),
        ("own", "own-credential", "remove the line"),
        ("no identity", "credential-without-identity", "write `identity` too"),
        ("no id", "arm-id", "write the whole id"),
    ],
)
def test_a_credential_that_cannot_be_is_refused_with_its_line(
    tmp_path: Path, case: str, rule: str, fix: str
) -> None:
    (name,) = credentials(tmp_path / "a", {})
    written: dict[str, str] = {
        "unknown": {"other": BY_HAND},
        "foreign": {name: BY_HAND.replace("id-old", "id-other")},
        "own": {name: BY_HAND.replace("By-Hand", name.upper())},
        "no identity": {name: BY_HAND},
        "no id": {name: "by-hand"},
    }[case]
    with pytest.raises(KeylessError) as error:
        credentials(tmp_path / "b", written, **({"identity": None} if case == "no identity" else {}))
    (found,) = error.value.findings
    assert (found.rule, found.file, found.line is not None) == (rule, "Pulumi.dev.yaml", True)
    assert fix in found.fix
