"""What pulumi-kubernetes and the API server do (facts §6.6); what they refuse stands in `refusals.yaml`."""

from __future__ import annotations

import copy
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.wire import decode, encode
from tests.sandbox.kubernetes.conftest import Client

PATCH = "apps/v1:DeploymentPatch"
ACCOUNT = "core/v1:ServiceAccount"
ACCOUNT_PATCH = "core/v1:ServiceAccountPatch"


def thing(
    name: str = "checkout", namespace: str = "shop", manager: str = "keyless-a", **more: Any
) -> dict[str, Any]:
    """An object's inputs under a named field manager."""
    annotations = {"pulumi.com/patchFieldManager": manager}
    return {"metadata": {"name": name, "namespace": namespace, "annotations": annotations}, **more}


def pod(account: str = "checkout", image: str | None = None, **env: str) -> dict[str, Any]:
    """The spec that Keyless patches into a workload."""
    container: dict[str, Any] = {"name": "app", "env": [{"name": key, "value": env[key]} for key in env]}
    if image:
        container["image"] = image
    spec = {"serviceAccountName": account, "serviceAccount": account, "containers": [container]}
    return {"template": {"metadata": {"labels": {"azure.workload.identity/use": "true"}}, "spec": spec}}


def test_a_patch_taken_back_leaves_the_world_byte_for_byte(client: Client) -> None:
    before = client.snapshot()
    id_, state = client.create(PATCH, thing(spec=pod(AZURE_TOKEN_CREDENTIALS="x")))
    assert id_ == "shop/checkout"
    assert client.snapshot() != before
    client.delete(PATCH, id_, state)
    assert client.snapshot() == before


def test_an_account_made_and_deleted_leaves_no_trace(client: Client) -> None:
    before = client.snapshot()
    id_, state = client.create(ACCOUNT, thing("new"))
    state = client.update(ACCOUNT, state, thing("new", automountServiceAccountToken=False))
    assert state["automountServiceAccountToken"] is False
    client.delete(ACCOUNT, id_, state)
    client.delete(ACCOUNT, id_, state)
    assert client.snapshot() == before


def test_a_second_patch_conflicts_unless_forced(client: Client) -> None:
    client.create(PATCH, thing(spec=pod("one")))
    other = thing(manager="keyless-a2", spec=pod("two"))
    with pytest.raises(grpc.RpcError) as refused:
        client.create(PATCH, other)
    assert (
        'Apply failed with 3 conflicts: conflicts with "keyless-a":\n'
        "- .metadata.annotations.pulumi.com/patchFieldManager\n"
        "- .spec.template.spec.serviceAccount\n- .spec.template.spec.serviceAccountName"
    ) in refused.value.details()
    other["metadata"]["annotations"]["pulumi.com/patchForce"] = "true"
    _, state = client.create(PATCH, other)
    assert state["spec"]["template"]["spec"]["serviceAccountName"] == "two"


def test_preview_of_a_patch_asks_nothing_of_the_server(client: Client) -> None:
    before = client.snapshot()
    _, state = client.create(PATCH, thing("gone", spec=pod()), preview=True)
    assert state["metadata"]["name"] == "gone"
    assert client.snapshot() == before


def test_refresh_sees_own_fields_only(client: Client) -> None:
    news = thing(spec=pod())
    inputs = client.inputs(PATCH, news)
    id_, state = client.create(PATCH, news)
    others = thing(manager="helm", spec={"template": {"metadata": {"labels": {"tier": "web"}}}})
    others["metadata"]["annotations"]["pulumi.com/patchForce"] = "true"
    others["metadata"]["annotations"]["note"] = "theirs"
    del others["metadata"]["annotations"]["pulumi.com/patchFieldManager"]
    client.create(PATCH, others)
    answer = client.read(PATCH, id_, inputs, state)
    assert decode(answer.inputs) == inputs
    others["spec"] = pod("stolen")
    client.create(PATCH, others)
    changed = decode(client.read(PATCH, id_, inputs, state).inputs)
    assert changed["spec"]["template"]["spec"]["serviceAccountName"] == "stolen"


def test_reading_what_is_gone_answers_no_id(client: Client) -> None:
    assert client.read(ACCOUNT, "shop/never", thing("never"), {}).id == ""


@pytest.mark.parametrize(("key", "replaces"), [("name", True), ("namespace", True), ("labels", False)])
def test_another_name_or_namespace_replaces(client: Client, key: str, replaces: bool) -> None:
    _, state = client.create(PATCH, thing())
    news = copy.deepcopy(thing())
    news["metadata"][key] = {"a": "b"} if key == "labels" else "other"
    answer = client.diff(PATCH, state, news)
    if key == "name":
        # provider.go Diff: the live name stands in for the old one, so it is this one that is compared.
        assert answer.detailedDiff["metadata.name"].kind == provider_pb2.PropertyDiff.UPDATE_REPLACE
    assert list(answer.replaces) == ([f"metadata.{key}"] if replaces else [])
    assert not answer.deleteBeforeReplace
    assert f"metadata.{key}" in answer.detailedDiff


def test_a_patch_must_name_its_object(client: Client) -> None:
    news = encode({"metadata": {"namespace": "shop"}})
    request = provider_pb2.CheckRequest(urn=client.urn(ACCOUNT_PATCH), news=news)
    assert [one.property for one in client.stub.Check(request).failures] == ["metadata.name"]
