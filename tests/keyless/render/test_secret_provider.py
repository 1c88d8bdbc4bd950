"""A SecretProviderClass as the driver's Azure provider reads it: every part of it is parsed again here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from keyless.plan import AppPlan, StackPlan
from keyless.render.secret_provider import secret_provider_files, secret_providers_lack
from tests.keyless.project import DATA, RESOURCES, app, blob, facts, planned, workload

CLIENT = "00000000-0000-0000-0000-00000000c11e"
PSP = {"kind": "keyvault", "vault": "vault", "secret": "psp-signing", "access": "read"}


def made(
    tmp_path: Path, *, environment: dict[str, Any] | None = None, **spec: Any
) -> tuple[StackPlan, AppPlan]:
    """The stack and plan of the one app."""
    plan = planned(tmp_path, [app(**spec)], environment)
    stack = next(one for one in plan.stacks if one.apps)
    return stack, stack.apps[0]


def objects(document: dict[str, Any]) -> list[dict[str, str]]:
    """The objects as the provider reads them: YAML in YAML, twice."""
    listed = yaml.safe_load(document["spec"]["parameters"]["objects"])
    return [yaml.safe_load(one) for one in listed["array"]]


def test_a_class_signs_in_as_the_app_and_names_its_secrets_alone(tmp_path: Path) -> None:
    stack, plan = made(tmp_path, uses={"psp": PSP, "seal": {**PSP, "secret": "Seal"}, "invoices": blob()})
    files = secret_provider_files(stack, plan, CLIENT)
    assert list(files) == ["secret-provider-kv-shop.yaml"]
    document = yaml.safe_load(files["secret-provider-kv-shop.yaml"])
    assert document["apiVersion"] == "secrets-store.csi.x-k8s.io/v1"
    assert document["kind"] == "SecretProviderClass"
    assert document["metadata"] == {"name": "checkout-kv-shop", "namespace": "payments"}
    assert document["spec"]["provider"] == "azure"
    parameters = dict(document["spec"]["parameters"])
    parameters.pop("objects")
    assert parameters == {
        "usePodIdentity": "false",
        "useVMManagedIdentity": "false",
        "clientID": CLIENT,
        "keyvaultName": "kv-shop",
        "tenantId": "00000000-0000-0000-0000-000000000001",
    }
    assert objects(document) == [
        {"objectName": "Seal", "objectType": "secret"},
        {"objectName": "psp-signing", "objectType": "secret"},
    ]


def test_each_vault_has_a_file_and_each_namespace_a_class(tmp_path: Path) -> None:
    resources = RESOURCES | {"other": {"kind": "keyvault", "id": f"{DATA}/Microsoft.KeyVault/vaults/YES"}}
    stack, plan = made(
        tmp_path,
        uses={"psp": PSP, "more": {**PSP, "vault": "other", "secret": "0123"}},
        workload=None,
        workloads=[workload("api"), {**workload("job", kind="CronJob"), "namespace": "0815"}],
        environment=facts(resources=resources),
    )
    files = secret_provider_files(stack, plan, CLIENT)
    assert list(files) == ["secret-provider-kv-shop.yaml", "secret-provider-yes.yaml"]
    documents = list(yaml.safe_load_all(files["secret-provider-yes.yaml"]))
    assert [one["metadata"]["namespace"] for one in documents] == ["0815", "payments"]
    assert [one["spec"]["parameters"]["keyvaultName"] for one in documents] == ["yes", "yes"]
    assert [objects(one) for one in documents] == [[{"objectName": "0123", "objectType": "secret"}]] * 2


def test_a_vault_by_waiver_still_names_the_secrets_of_its_uses(tmp_path: Path) -> None:
    waiver = {"scope": "vault", "because": "names of secrets hold the customer"}
    stack, plan = made(tmp_path, uses={"psp": {**PSP, "waiver": waiver}})
    (text,) = secret_provider_files(stack, plan, CLIENT).values()
    assert objects(yaml.safe_load(text)) == [{"objectName": "psp-signing", "objectType": "secret"}]


@pytest.mark.parametrize(
    ("cloud", "name"), [("usgov", "AzureUSGovernmentCloud"), ("china", "AzureChinaCloud"), ("public", None)]
)
def test_a_sovereign_cloud_is_told_by_its_name(tmp_path: Path, cloud: str, name: str | None) -> None:
    stack, plan = made(
        tmp_path, uses={"psp": PSP}, environment=facts(cloud=cloud, resources={"vault": RESOURCES["vault"]})
    )
    (text,) = secret_provider_files(stack, plan, CLIENT).values()
    assert yaml.safe_load(text)["spec"]["parameters"].get("cloudName") == name


def test_without_a_client_id_there_is_no_file_and_it_says_why(tmp_path: Path) -> None:
    stack, plan = made(tmp_path, uses={"psp": PSP})
    assert secret_provider_files(stack, plan, None) == {}
    told = secret_providers_lack(plan, None)
    assert told is not None
    assert told.startswith("run up first: the SecretProviderClass of checkout for kv-shop")
    assert told.endswith("pulumi stack output --json -s payments.dev | keyless ids payments.dev")
    assert secret_providers_lack(plan, CLIENT) is None


def test_an_app_without_secrets_has_no_class_and_lacks_nothing(tmp_path: Path) -> None:
    stack, plan = made(tmp_path)
    assert secret_provider_files(stack, plan, CLIENT) == {}
    assert secret_providers_lack(plan, None) is None
