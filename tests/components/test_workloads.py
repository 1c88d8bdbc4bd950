"""ServiceAccounts and workload patches."""

import pytest
from pulumi.runtime import rpc
from pulumi.runtime.proto import resource_pb2

from components.workloads import PATCHES
from keyless.plan import ClusterAccess
from tests.support.plans import app_plan, credential, patch, role_assignment, service_account, stack_plan
from tests.support.synth import Made, synth

CLIENT_ID = "client-id-of-checkout-identity"
NAME = "checkout-aks-dev-deployment-checkout"
OWNER = f"{NAME}-owner"
MANAGER = {"pulumi.com/patchFieldManager": "keyless-checkout"}


def patched(**changes: object) -> dict[str, object]:
    """The inputs of the patch of a Deployment with `changes`."""
    return synth(stack_plan(app_plan(patches=(patch("checkout", **changes),)))).named(NAME).inputs


def test_a_service_account_of_keyless_is_made_with_the_client_id() -> None:
    made = synth(stack_plan(app_plan())).one("kubernetes:core/v1:ServiceAccount")
    assert made.inputs == {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "namespace": "payments",
            "name": "checkout",
            "labels": {"app.kubernetes.io/managed-by": "keyless"},
            "annotations": {"azure.workload.identity/client-id": CLIENT_ID, **MANAGER},
        },
    }


def test_a_service_account_of_the_workload_is_patched_and_never_made() -> None:
    account = service_account("checkout", managed_by="workload", labels={})
    made = synth(stack_plan(app_plan(service_accounts=(account,))))
    patched_account = made.one("kubernetes:core/v1:ServiceAccountPatch")
    assert patched_account.inputs["metadata"] == {
        "namespace": "payments",
        "name": "checkout",
        "annotations": {"azure.workload.identity/client-id": CLIENT_ID, **MANAGER},
    }
    existing = made.one("kubernetes:core/v1:ServiceAccount")
    assert existing.read
    assert existing.request.id == "payments/checkout"  # type: ignore[union-attr]
    assert existing.name in patched_account.depends_on


def test_a_patch_sends_both_names_of_the_service_account_and_nothing_that_is_empty() -> None:
    inputs = patched(labels={}, annotations={}, env={})
    assert inputs["spec"] == {
        "template": {"spec": {"serviceAccountName": "checkout", "serviceAccount": "checkout"}}
    }


def test_a_patch_sends_label_hash_and_settings_with_what_is_known_only_later() -> None:
    assert patched()["spec"] == {
        "template": {
            "metadata": {
                "labels": {"azure.workload.identity/use": "true"},
                "annotations": {"keyless/identity": "3f2a"},
            },
            "spec": {
                "serviceAccountName": "checkout",
                "serviceAccount": "checkout",
                "containers": [
                    {
                        "name": "api",
                        "env": [
                            {"name": "INVOICES_CONTAINER", "value": "invoices"},
                            {"name": "SESSIONS_USERNAME", "value": "principal-id-of-checkout-identity"},
                        ],
                    }
                ],
            },
        }
    }


def test_settings_reach_every_container_of_the_plan() -> None:
    spec = patched(containers=("api", "sidecar"))["spec"]["template"]["spec"]  # type: ignore[index]
    assert [container["name"] for container in spec["containers"]] == ["api", "sidecar"]
    assert spec["containers"][0]["env"] == spec["containers"][1]["env"]


def test_a_patch_never_forces_and_never_waits_for_a_rollout() -> None:
    metadata = patched()["metadata"]
    assert metadata == {
        "namespace": "payments",
        "name": "checkout",
        "annotations": {"pulumi.com/skipAwait": "true", **MANAGER},
    }


@pytest.mark.parametrize(
    ("kind", "token", "api_version"),
    [
        ("Deployment", "kubernetes:apps/v1:DeploymentPatch", "apps/v1"),
        ("StatefulSet", "kubernetes:apps/v1:StatefulSetPatch", "apps/v1"),
        ("DaemonSet", "kubernetes:apps/v1:DaemonSetPatch", "apps/v1"),
        ("CronJob", "kubernetes:batch/v1:CronJobPatch", "batch/v1"),
    ],
)
def test_each_kind_of_workload_has_its_patch(kind: str, token: str, api_version: str) -> None:
    made = synth(stack_plan(app_plan(patches=(patch("checkout", kind=kind),))))
    for name in (NAME, OWNER):
        one = made.named(name)
        assert (one.type, one.inputs["kind"], one.inputs["apiVersion"]) == (token, kind, api_version)


def test_a_job_has_no_patch() -> None:
    assert "Job" not in PATCHES


def test_the_pod_template_of_a_cron_job_lies_two_levels_deeper() -> None:
    path = ("spec", "jobTemplate", "spec", "template")
    made = synth(stack_plan(app_plan(patches=(patch("checkout", kind="CronJob", template_path=path),))))
    spec = made.named(NAME).inputs["spec"]
    assert spec["jobTemplate"]["spec"]["template"]["spec"]["serviceAccountName"] == "checkout"
    assert set(spec) == {"jobTemplate"}
    assert list(made.named(NAME).request.ignoreChanges) == [  # type: ignore[union-attr]
        "spec.jobTemplate.spec.template.spec.containers"
    ]


def test_an_owner_without_fields_comes_before_the_patch_and_takes_its_fields_back() -> None:
    """docs/adr/0006: both have one field manager; the owner is never updated, and alone is deleted."""
    made = synth(stack_plan(app_plan()))
    owner, written = made.named(OWNER), made.named(NAME)
    assert owner.inputs == {name: one for name, one in written.inputs.items() if name != "spec"}
    assert owner.name in written.depends_on
    assert owner.depends_on == written.depends_on - {owner.name, "checkout-identity"}
    request = owner.request
    assert isinstance(request, resource_pb2.RegisterResourceRequest)
    assert list(request.ignoreChanges) == ["metadata.annotations"]
    assert request.deleteBeforeReplace
    assert not request.retainOnDelete


def test_a_patch_is_only_ever_created_anew_and_left_to_its_owner() -> None:
    """docs/adr/0006: an update would send, for the ignored containers, what the state holds."""
    request = synth(stack_plan(app_plan())).named(NAME).request
    assert isinstance(request, resource_pb2.RegisterResourceRequest)
    assert list(request.ignoreChanges) == ["spec.template.spec.containers"]
    assert list(request.replaceOnChanges) == ["*"]
    # `pulumi state move` of engine 3.259.0 does not rename these, and fails.
    assert not request.replace_with
    assert request.retainOnDelete
    assert not request.deleteBeforeReplace
    trigger = rpc.deserialize_property(request.replacement_trigger.struct_value)
    assert trigger == {"spec": patched()["spec"]}


def test_what_others_wrote_reaches_the_state_as_a_secret_only() -> None:
    """The provider keeps the live object; a refresh puts variables of others among the inputs, in place of ours."""
    account = service_account("checkout", managed_by="workload", labels={})
    made = synth(stack_plan(app_plan(service_accounts=(account,))))
    for name in (NAME, OWNER, account.logical_name, f"{account.logical_name}-existing"):
        request = made.named(name).request
        assert list(request.additionalSecretOutputs) == ["metadata", "spec"], name  # type: ignore[union-attr]
    assert made.named(NAME).secret == {"spec"}


def test_a_patch_waits_for_what_its_pods_will_need() -> None:
    app = app_plan(
        credentials=(credential("checkout", "aks-dev"), credential("checkout", "aks-b")),
        grants=(role_assignment("checkout", "a"), role_assignment("checkout", "b")),
    )
    assert synth(stack_plan(app)).named(NAME).depends_on == {
        OWNER,
        "checkout-identity",
        "checkout-aks-b-credential",
        "checkout-orders-a-grant",
        "checkout-orders-b-grant",
        "checkout-aks-dev-service-account",
    }


def test_each_cluster_is_written_to_by_its_own_provider() -> None:
    clusters = (ClusterAccess("aks-a", "a-admin"), ClusterAccess("aks-b", "b-admin"))
    app = app_plan(
        credentials=(),
        service_accounts=tuple(service_account("checkout", one.name) for one in clusters),
        patches=tuple(patch("checkout", one.name) for one in clusters),
    )
    made = synth(stack_plan(app, clusters=clusters))
    for one in (*made.of("ServiceAccount").values(), *made.of("DeploymentPatch").values()):
        assert one.provider == ("kubernetes-aks-a" if "aks-a" in one.name else "kubernetes-aks-b")


def in_cluster(made: Made) -> list[str]:
    return [one.name for one in made if one.type.startswith("kubernetes:")]


def test_nothing_is_written_to_a_cluster_where_the_plan_names_nothing() -> None:
    """So it is for `delivery: gitops`; for `stage: granted` and a Job the plan holds no patch."""
    assert in_cluster(synth(stack_plan(app_plan(service_accounts=(), patches=())))) == []
    assert in_cluster(synth(stack_plan(app_plan(patches=())))) == ["checkout-aks-dev-service-account"]
