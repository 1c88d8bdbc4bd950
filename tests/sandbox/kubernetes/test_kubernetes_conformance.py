"""The same applies against memory and a real kube-apiserver: both must answer alike."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from sandbox.kubernetes.backend import ApiError, Backend, Ref
from tests.sandbox.kubernetes.conftest import ACCOUNT, DEPLOYMENT, KUBECTL, LEGACY, NEW, REF


def patch(**pod: Any) -> dict[str, Any]:
    """A partial Deployment with these fields of its pod spec."""
    return {**bare(), "spec": {"template": {"spec": pod}}}


def bare() -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": copy.deepcopy(DEPLOYMENT["metadata"])}


def pod(body: dict[str, Any] | None) -> dict[str, Any]:
    assert body is not None
    found: dict[str, Any] = body["spec"]["template"]["spec"]
    return found


def container(**env: str) -> dict[str, Any]:
    return {"name": "app", "env": [{"name": name, "value": env[name]} for name in env]}


def test_a_patch_adds_and_an_empty_one_takes_away(backend: Backend) -> None:
    before = pod(backend.get(REF))
    wanted = patch(serviceAccountName="a", serviceAccount="a", containers=[container(ONE="1", TWO="2")])
    made = pod(backend.apply(REF, wanted, "m"))
    assert (made["serviceAccountName"], made["serviceAccount"]) == ("a", "a")
    assert made["containers"][0]["env"] == [{"name": "ONE", "value": "1"}, {"name": "TWO", "value": "2"}]
    less = pod(backend.apply(REF, patch(containers=[container(TWO="2")]), "m"))
    assert less["containers"][0]["env"] == [{"name": "TWO", "value": "2"}]
    assert "serviceAccountName" not in less and "serviceAccount" not in less
    backend.apply(REF, bare(), "m")
    assert pod(backend.get(REF)) == before


def test_a_name_without_its_twin_stays(backend: Backend) -> None:
    assert pod(backend.apply(REF, patch(serviceAccountName="a"), "m"))["serviceAccount"] == "a"
    assert pod(backend.apply(REF, bare(), "m"))["serviceAccountName"] == "a"


CONFLICTS = {
    "one": patch(serviceAccountName="b"),
    "two": patch(serviceAccountName="b", serviceAccount="b"),
    "env": patch(containers=[container(ONE="other")]),
    "of an update": patch(containers=[{"name": "app", "image": "x"}]),
}
TEXTS = {
    "one": 'Apply failed with 1 conflict: conflict with "m": .spec.template.spec.serviceAccountName',
    "two": 'Apply failed with 2 conflicts: conflicts with "m":\n'
    "- .spec.template.spec.serviceAccount\n- .spec.template.spec.serviceAccountName",
    "env": 'Apply failed with 1 conflict: conflict with "m": '
    '.spec.template.spec.containers[name="app"].env[name="ONE"].value',
    "of an update": f'Apply failed with 1 conflict: conflict with "{KUBECTL}" using apps/v1: '
    '.spec.template.spec.containers[name="app"].image',
}


@pytest.mark.parametrize("row", TEXTS)
def test_a_conflict_names_owner_and_field(backend: Backend, row: str) -> None:
    mine = patch(serviceAccountName="a", serviceAccount="a", containers=[container(ONE="1")])
    backend.apply(REF, mine, "m")
    with pytest.raises(ApiError) as refused:
        backend.apply(REF, CONFLICTS[row], "other")
    assert (refused.value.code, refused.value.error) == (409, "Conflict")
    assert refused.value.message == TEXTS[row]


def test_force_takes_a_field_over(backend: Backend) -> None:
    backend.apply(REF, patch(serviceAccountName="a", serviceAccount="a"), "m")
    backend.apply(REF, patch(serviceAccountName="b", serviceAccount="b"), "other", force=True)
    assert pod(backend.apply(REF, bare(), "m"))["serviceAccountName"] == "b"


def test_a_field_of_two_owners_goes_with_the_last(backend: Backend) -> None:
    wanted = patch(containers=[container(ONE="1")])
    backend.apply(REF, wanted, "m")
    backend.apply(REF, wanted, "other")
    assert "env" in pod(backend.apply(REF, bare(), "m"))["containers"][0]
    assert "env" not in pod(backend.apply(REF, bare(), "other"))["containers"][0]


def test_an_absent_deployment_or_namespace_is_refused(backend: Backend) -> None:
    gone = Ref("apps/v1", "Deployment", "shop", "gone")
    with pytest.raises(ApiError) as refused:
        backend.apply(gone, {**patch(serviceAccountName="a"), "metadata": {"name": "gone"}}, "m")
    assert refused.value.code == 422 and "spec.selector: Required value" in refused.value.message
    space = Ref("v1", "ServiceAccount", "nowhere", "a")
    with pytest.raises(ApiError) as missing:
        backend.apply(space, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}}, "m")
    assert (missing.value.code, missing.value.message) == (404, 'namespaces "nowhere" not found')


def test_creation_is_strict(backend: Backend) -> None:
    with pytest.raises(ApiError) as refused:
        backend.create(LEGACY, ACCOUNT, "m")
    assert refused.value.message == 'serviceaccounts "legacy" already exists'


def test_creation_drops_what_it_does_not_know_and_what_is_null(backend: Backend) -> None:
    metadata = {"name": "new", "namespace": "shop", "labels": None, "lables": {"a": "b"}}
    backend.create(NEW, {**ACCOUNT, "metadata": metadata, "automount": True, "secrets": None}, "c")
    made = backend.get(NEW)
    assert made is not None
    assert made.keys() - {"apiVersion", "kind", "metadata"} == set()
    assert {"labels", "lables"} & made["metadata"].keys() == set()


def test_what_a_creator_owns_is_adopted_by_an_apply(backend: Backend) -> None:
    backend.create(
        NEW, {**ACCOUNT, "metadata": {"name": "new", "namespace": "shop", "labels": {"a": "b"}}}, "c"
    )
    with pytest.raises(ApiError) as refused:
        backend.apply(NEW, labelled({"a": "c"}), "m")
    assert refused.value.message == (
        'Apply failed with 1 conflict: conflict with "c" using v1: .metadata.labels.a'
    )
    for _ in range(2):
        backend.adopt(NEW, "c", "m")
    assert backend.apply(NEW, labelled({"a": "c"}), "m")["metadata"]["labels"] == {"a": "c"}
    assert "labels" not in backend.apply(NEW, labelled({}), "m")["metadata"]


def labelled(labels: dict[str, str]) -> dict[str, Any]:
    metadata = {"name": "new", "namespace": "shop", **({"labels": labels} if labels else {})}
    return {**ACCOUNT, "metadata": metadata}
