"""What pulumi-kubernetes finds different: its own words in provider.go and util.go, quoted by function."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from sandbox.kubernetes import diffs
from sandbox.wire import UNKNOWN, decode, encode
from tests.sandbox.kubernetes.conftest import Client

PATCH = "apps/v1:DeploymentPatch"
ACCOUNT = "core/v1:ServiceAccount"
ENV = "spec.template.spec.containers[0].env"


def metadata(manager: str | None = "keyless-a", **more: Any) -> dict[str, Any]:
    """Of the Deployment; no manager leaves a name of the provider's own."""
    annotations = {"annotations": {"pulumi.com/patchFieldManager": manager}} if manager else {}
    return {"name": "checkout", "namespace": "shop", **annotations, **more}


def patch(
    *env: str, container: str = "app", manager: str | None = "keyless-a", **fields: Any
) -> dict[str, Any]:
    """A patch that sets variables, each to its own name, in one container."""
    entries = [{"name": name, "value": name.lower()} for name in env]
    spec = {"containers": [{"name": container, "env": entries, **fields}]}
    return {"metadata": metadata(manager), "spec": {"template": {"spec": spec}}}


def changed(answer: provider_pb2.DiffResponse) -> list[str]:
    assert (answer.changes == provider_pb2.DiffResponse.DIFF_SOME) == bool(answer.detailedDiff)
    return sorted(answer.detailedDiff)


def kept(news: dict[str, Any], client: Client) -> tuple[str, dict[str, Any], dict[str, Any]]:
    id_, state = client.create(PATCH, news)
    return id_, state, client.inputs(PATCH, news)


def test_pruning_takes_maps_by_key_and_lists_by_index() -> None:
    """util.go pruneMap and pruneSlice."""
    live = {
        "a": 1,
        "b": [{"name": "theirs", "value": "x", "more": 1}, {"name": "mine", "value": "y"}],
        "c": 3,
    }
    assert diffs.prune(live, {"b": [{"name": "mine", "value": "y"}], "z": 0}) == {
        "b": [{"name": "theirs", "value": "x"}]
    }
    assert diffs.prune({"l": [1, 2]}, {"l": [{"k": 1}]}) == {"l": [1, 2]}
    assert diffs.prune({"l": []}, {"l": [1]}) == {"l": []}


def test_a_patch_of_an_only_container_without_variables_of_its_own_is_clean(client: Client) -> None:
    news = patch("ONE", "TWO")
    _, state = client.create(PATCH, news)
    assert changed(client.diff(PATCH, state, news)) == []


def test_variables_behind_those_of_another_owner_differ_for_ever(client: Client) -> None:
    """provider.go Diff: pruneLiveState, then a JSON merge patch, taken apart by index in addPatchArrayToDiff."""
    client.create(PATCH, patch("THEIRS", manager=None))
    news = patch("MINE")
    _, state = client.create(PATCH, news)
    assert [one["name"] for one in state["spec"]["template"]["spec"]["containers"][0]["env"]] == [
        "THEIRS",
        "MINE",
    ]
    for _ in range(2):
        assert changed(client.diff(PATCH, state, news)) == [f"{ENV}[0].name", f"{ENV}[0].value"]
        state = client.update(PATCH, state, news)


def test_a_container_that_is_not_the_first_differs_for_ever(client: Client) -> None:
    news = patch("ONE", container="sidecar", image="sidecar:1")
    _, state = client.create(PATCH, news)
    path = "spec.template.spec.containers[0]"
    assert changed(client.diff(PATCH, state, news)) == [f"{path}.env", f"{path}.image", f"{path}.name"]


def test_a_refresh_puts_the_other_owners_items_into_the_inputs(client: Client) -> None:
    """provider.go Read: liveInputs = pruneLiveState(liveObj, oldInputs), of which the state's inputs are made."""
    client.create(PATCH, patch("THEIRS", manager=None))
    news = patch("MINE")
    id_, state, inputs = kept(news, client)
    answer = client.read(PATCH, id_, inputs, state)
    read = decode(answer.inputs)
    assert read["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "THEIRS", "value": "theirs"}]
    assert decode(answer.properties)["__inputs"] == read


def test_maps_of_others_are_no_difference_and_changed_maps_are(client: Client) -> None:
    template = {"metadata": {"labels": {"azure.workload.identity/use": "true"}}}
    news = {"metadata": metadata(), "spec": {"template": template}}
    id_, state, inputs = kept(news, client)
    assert changed(client.diff(PATCH, state, news)) == []
    thief = {
        "metadata": {
            "name": "checkout",
            "namespace": "shop",
            "annotations": {"pulumi.com/patchForce": "true"},
        },
        "spec": {"template": {"metadata": {"labels": {"azure.workload.identity/use": "false"}}}},
    }
    client.create(PATCH, thief)
    read = client.read(PATCH, id_, inputs, state)
    answer = client.diff(PATCH, decode(read.properties), news)
    assert changed(answer) == ['spec.template.metadata.labels["azure.workload.identity/use"]']


def test_metadata_that_a_preview_does_not_know_yet_differs_and_replaces_nothing(client: Client) -> None:
    """An identity that is about to be replaced leaves its annotation unknown, and with it all of the metadata."""
    news = {"metadata": {"name": "legacy", "namespace": "shop", "annotations": {"a": "b"}}}
    _, state = client.create("core/v1:ServiceAccountPatch", news)
    request = provider_pb2.DiffRequest(
        urn=client.urn(ACCOUNT),
        olds=encode(state),
        news=encode({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": UNKNOWN}),
    )
    answer = client.stub.Diff(request)
    assert changed(answer) == ["metadata"]
    assert list(answer.replaces) == []


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        ("spec.template.spec.containers", False),
        ("spec.template.spec.containers[*]", False),
        ("spec.template.spec.containers[1]", True),
        ("metadata", True),
    ],
)
def test_ignored_paths_are_left_out(client: Client, ignored: str, left: bool) -> None:
    """provider.go Diff: `ignorePath.Contains(diffPath)`."""
    _, state = client.create(PATCH, patch("ONE"))
    assert bool(changed(client.diff(PATCH, state, patch("TWO"), [ignored]))) == left


def test_an_update_with_ignored_paths_is_refused(client: Client) -> None:
    """await.go handleSSAIgnoreFields would put all live containers under our name."""
    _, state = client.create(PATCH, patch("ONE"))
    request = provider_pb2.UpdateRequest(
        urn=client.urn(PATCH),
        olds=encode(state),
        news=encode(client.inputs(PATCH, patch("TWO"))),
        ignoreChanges=["spec.template.spec.containers"],
    )
    with pytest.raises(grpc.RpcError) as refused:
        client.stub.Update(request)
    assert "replace on changes" in refused.value.details()


def test_the_state_holds_the_live_object_with_the_annotations_of_pulumi(client: Client) -> None:
    _, state = client.create(PATCH, patch("ONE"))
    assert state["metadata"]["annotations"]["pulumi.com/patchFieldManager"] == "keyless-a"
    assert state["spec"]["template"]["spec"]["containers"][0]["image"] == "checkout:1"
    assert state["__inputs"] == client.inputs(PATCH, patch("ONE"))


def test_a_plain_object_is_posted_as_pulumi_kubernetes_and_adopted_by_its_first_update(
    client: Client,
) -> None:
    """await.go Creation (`client.Create`), fixCSAFieldManagers."""
    account = {"metadata": {**metadata(), "labels": {"a": "b"}}}
    _, state = client.create(ACCOUNT, account)
    assert {
        name: one["operation"] for name, one in client.managers("/ServiceAccount", "checkout").items()
    } == {"pulumi-kubernetes": "Update"}
    client.update(ACCOUNT, state, {"metadata": {**metadata(), "labels": {"a": "c"}}})
    assert {
        name: one["operation"] for name, one in client.managers("/ServiceAccount", "checkout").items()
    } == {"keyless-a": "Apply"}


def test_the_preview_of_an_object_that_exists_does_not_fail(client: Client) -> None:
    """provider.go Create: `failedPreview` on AlreadyExists."""
    news = {"metadata": {"name": "legacy", "namespace": "shop"}}
    assert client.create(ACCOUNT, news, preview=True)[1]["metadata"]["name"] == "legacy"


def test_a_failed_update_keeps_the_new_inputs_with_an_init_error(client: Client) -> None:
    """provider.go Update: partialError, whatever the server refused."""
    _, state = client.create(PATCH, patch("ONE"))
    news = client.inputs(PATCH, patch("ONE", image="checkout:2"))
    request = provider_pb2.UpdateRequest(urn=client.urn(PATCH), olds=encode(state), news=encode(news))
    with pytest.raises(grpc.RpcError) as refused:
        client.stub.Update(request)
    details = dict(refused.value.trailing_metadata())["grpc-status-details-bin"]
    (detail,) = status_pb2.Status.FromString(details).details
    failed = provider_pb2.ErrorResourceInitFailed()
    assert detail.Unpack(failed)
    assert failed.id == "shop/checkout"
    properties = decode(failed.properties)
    assert properties["__inputs"] == news
    assert properties["spec"]["template"]["spec"]["containers"][0]["image"] == "checkout:1"
    assert "Apply failed with 1 conflict" in failed.reasons[0]


def test_a_patch_of_what_is_gone_cannot_be_taken_back(client: Client) -> None:
    """ssa/actions.go Relinquish asks the server whether or not the object is there."""
    with pytest.raises(grpc.RpcError) as refused:
        client.delete(PATCH, "shop/gone", {"__inputs": {"metadata": metadata()}})
    assert "spec.selector: Required value" in refused.value.details()
