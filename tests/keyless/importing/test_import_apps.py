"""`keyless import`: identities and grants that exist, as entries of the apps whose they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from keyless.cli import main
from tests.keyless.importing.pipe import CONTAINER, SAMPLES, found, made_project, run
from tests.keyless.project import DATA

IDENTITY = f"{DATA}/Microsoft.ManagedIdentity/userAssignedIdentities"
ASSIGNMENT = (
    f"{CONTAINER}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-00000000a551"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one app."""
    return made_project(tmp_path / "project")


def apps(root: Path, *documents: Any) -> list[dict[str, Any]]:
    """The proposals for apps."""
    told: list[dict[str, Any]] = found(root, *documents)["apps"]
    return told


def test_an_identity_of_an_app_s_name_comes_with_the_grants_it_holds(project: Path) -> None:
    (told,) = apps(project, SAMPLES["identities"], SAMPLES["assignments"], SAMPLES["policies"])
    assert (told["app"], told["identity"]) == ("checkout", f"{IDENTITY}/id-checkout-dev")
    assert told["grants"] == {
        "invoices": ASSIGNMENT,
        "cache": f"{DATA}/Microsoft.Cache/Redis/rdc/accessPolicyAssignments/by-hand",
    }
    (more,) = told["notes"]
    assert more.startswith("it also holds b24988ac-6180-42a0-ab88-20f7382dd24c at /subscriptions/")


def test_what_comes_out_for_apps_can_be_pasted_and_planned(project: Path) -> None:
    documents = (SAMPLES["identities"], SAMPLES["assignments"], SAMPLES["policies"])
    (project / "more.yaml").write_text(run(project, *documents).stdout, encoding="utf-8")
    result = CliRunner().invoke(main, ["-C", str(project), "plan", "dev", "--format", "json"])
    assert result.exit_code == 0, result.output
    (shown,) = json.loads(result.stdout)["apps"]
    assert shown["identity"]["made"] is False
    assert [grant["made"] for grant in shown["grants"]] == [False, False]
    assert apps(project, *documents) == []


def test_a_trusted_subject_says_more_than_a_name_and_comes_with_its_credential(project: Path) -> None:
    (told,) = apps(project, SAMPLES["identities"], SAMPLES["credentials"])
    assert told["identity"] == f"{IDENTITY}/somebody"
    (name,) = told["credentials"]
    assert told["credentials"] == {name: f"{IDENTITY}/somebody/federatedIdentityCredentials/aks"}
    assert told["notes"] == []
    text = run(project, SAMPLES["identities"], SAMPLES["credentials"]).stdout
    (project / "more.yaml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["-C", str(project), "plan", "dev", "--format", "json"])
    assert result.exit_code == 0, result.output
    ((credential,),) = (one["credentials"] for one in json.loads(result.stdout)["apps"])
    assert (credential["made"], credential["name"]) == (False, "aks")
    assert apps(project, SAMPLES["identities"], SAMPLES["credentials"]) == []


def test_a_credential_of_keyless_s_own_name_must_go(project: Path) -> None:
    (told,) = apps(project, SAMPLES["identities"], SAMPLES["credentials"])
    (name,) = told["credentials"]
    twin = {**SAMPLES["credentials"][0], "id": f"{IDENTITY}/somebody/federatedIdentityCredentials/{name}"}
    (told,) = apps(project, SAMPLES["identities"], [twin])
    assert told["credentials"] == {}
    (note,) = told["notes"]
    assert f"az identity federated-credential delete --name {name} --identity-name somebody" in note


def test_a_grant_under_a_condition_is_not_the_plan_s(project: Path) -> None:
    documents = (SAMPLES["identities"], SAMPLES["credentials"], SAMPLES["assignments"])
    (told,) = apps(project, *documents)
    assert told["grants"] == {}
    assert any(f"at {CONTAINER}, which Keyless leaves" in note for note in told["notes"])


def test_two_identities_of_one_name_are_for_a_person_to_choose_from(project: Path) -> None:
    twin = {**SAMPLES["identities"][0], "id": f"{IDENTITY}/checkout-identity"}
    (told,) = apps(project, [SAMPLES["identities"][0], twin])
    assert (told["identity"], told["grants"]) == (None, {})
    text = run(project, [SAMPLES["identities"][0], twin]).stdout
    assert "# checkout:\n    # may be one of: " in text
    assert yaml.safe_load(text) is None


def test_identities_of_a_list_ask_for_their_principal_ids(project: Path) -> None:
    listed = [{key: SAMPLES["identities"][0][key] for key in ("id", "type", "location")}]
    (told,) = apps(project, listed)
    assert any("add the output of az identity list" in note for note in told["notes"])
    (whole,) = apps(project, listed, SAMPLES["identities"], SAMPLES["assignments"])
    assert whole["grants"] == {"invoices": ASSIGNMENT}


def test_the_identity_that_keyless_makes_is_none_to_refer_to(project: Path) -> None:
    own = f"{IDENTITY}/id-checkout-dev".replace("rg-data", "RG-Identities-payments-dev")
    assert apps(project, [{**SAMPLES["identities"][0], "id": own}]) == []


def test_identities_and_grants_of_terraform_are_found_too(project: Path) -> None:
    def managed(type_: str, values: dict[str, Any]) -> dict[str, Any]:
        return {"address": type_, "mode": "managed", "type": type_, "values": values, "sensitive_values": {}}

    identity = {"id": f"{IDENTITY}/old", "principal_id": "00000000-0000-0000-0000-0000000001d0"}
    credential = {
        "id": f"{IDENTITY}/old/federatedIdentityCredentials/aks",
        **{key: SAMPLES["credentials"][0][key] for key in ("issuer", "subject")},
    }
    grant = {
        "id": ASSIGNMENT,
        "principal_id": identity["principal_id"],
        "role_definition_id": SAMPLES["assignments"][0]["roleDefinitionId"],
    }
    state = {
        "format_version": "1.0",
        "values": {
            "root_module": {
                "resources": [
                    managed("azurerm_user_assigned_identity", identity),
                    managed("azurerm_federated_identity_credential", credential),
                    managed("azurerm_role_assignment", grant),
                ]
            }
        },
    }
    (told,) = apps(project, state)
    assert (told["identity"], told["grants"]) == (f"{IDENTITY}/old", {"invoices": ASSIGNMENT})
    assert "Terraform makes this identity: it stays its own" in told["notes"]
