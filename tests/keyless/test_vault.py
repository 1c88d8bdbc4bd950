"""A key vault: one secret, the whole vault only by a waiver, and no use at all where roles do nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keyless.errors import PlanError
from tests.keyless.project import DATA, RESOURCES, app, apps_of, facts, planned

VAULT = f"{DATA}/Microsoft.KeyVault/vaults/kv-shop"
USE: dict[str, Any] = {"kind": "keyvault", "vault": "vault", "secret": "psp", "access": "read"}
WAIVER = {"scope": "vault", "because": "names of secrets hold the customer"}


def vault(**more: Any) -> dict[str, Any]:
    """An environment whose vault says more."""
    return facts(resources=RESOURCES | {"vault": {**RESOURCES["vault"], **more}})


def test_a_waiver_widens_the_scope_to_the_vault_with_the_verb_s_own_role(tmp_path: Path) -> None:
    made = apps_of(planned(tmp_path, [app(uses={"u": {**USE, "waiver": WAIVER}})]))["checkout"]
    (grant,) = made.grants
    assert (grant.role, grant.scope) == ("Key Vault Secrets User", VAULT)
    assert grant.waiver is not None
    assert (grant.waiver.scope, grant.waiver.because) == ("vault", WAIVER["because"])
    assert grant.logical_name == "checkout-vault-grant"
    assert made.settings["U_SECRET"] == "psp"


def test_a_vault_in_access_policy_mode_is_an_error_for_a_use_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(PlanError) as error:
        planned(tmp_path, [app(uses={"u": USE})], vault(authorization="access-policy"))
    (found,) = error.value.findings
    assert found.rule == "access-policy-mode"
    assert (found.file, found.line is not None) == ("Pulumi.dev.yaml", True)
    assert found.key == "config.keyless:environment.resources.vault.authorization"
    assert "`az keyvault update --name kv-shop --enable-rbac-authorization true`" in found.fix


def test_a_vault_in_access_policy_mode_may_stand_there_unused(tmp_path: Path) -> None:
    plan = planned(tmp_path, [app()], vault(authorization="access-policy", network="public"))
    assert [one.resource for stack in plan.stacks for one in stack.shared.postures if one.resource == "vault"]


def test_a_vault_that_says_rbac_is_like_one_that_says_nothing(tmp_path: Path) -> None:
    said = apps_of(planned(tmp_path / "a", [app(uses={"u": USE})], vault(authorization="rbac")))
    assert said == apps_of(planned(tmp_path / "b", [app(uses={"u": USE})]))
