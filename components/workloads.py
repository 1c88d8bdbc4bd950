"""The cluster side of an app: its ServiceAccounts, and server-side-apply patches of its workloads."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi

from components import azure, kubernetes
from components.context import Context
from components.options import kubernetes_options
from components.resolve import resolve_all
from keyless.plan import ManagedBy, ServiceAccount, WorkloadKind, WorkloadPatch

SERVICE_ACCOUNTS: Mapping[ManagedBy, str] = {
    "keyless": "core/v1:ServiceAccount",
    "workload": "core/v1:ServiceAccountPatch",
}
PATCHES: Mapping[WorkloadKind, str] = {
    "CronJob": "batch/v1:CronJobPatch",
    "DaemonSet": "apps/v1:DaemonSetPatch",
    "Deployment": "apps/v1:DeploymentPatch",
    "StatefulSet": "apps/v1:StatefulSetPatch",
}


# The provider keeps the whole live object in the state, and with `kubectl apply` its manifest once more in an
# annotation: variables of others may hold a key in clear, which is what people come to us with.
OF_OTHERS = ["metadata", "spec"]


def make_service_account(
    plan: ServiceAccount,
    app: str,
    identity: azure.UserAssignedIdentity,
    parent: pulumi.Resource,
    context: Context,
) -> pulumi.Resource:
    """The ServiceAccount: made where Keyless manages it, else patched with its labels and annotations.

    One of the workload's own is read first, and the patch waits for it: an API server would make of a patch of what
    is not there a whole ServiceAccount, which then is in the way of the chart.
    """
    existing = EXISTING[plan.managed_by](plan, parent, context)
    opts = kubernetes_options(context, parent, plan.cluster, depends_on=existing)
    if existing:
        opts.additional_secret_outputs = OF_OTHERS
    return kubernetes.Object(
        SERVICE_ACCOUNTS[plan.managed_by],
        plan.logical_name,
        opts,
        kind="ServiceAccount",
        metadata={
            "namespace": plan.namespace,
            "name": plan.name,
            "annotations": {**resolve_all(plan.annotations, identity), **field_manager(app)},
            **_present(labels=plan.labels),
        },
        body={},
    )


def _read(plan: ServiceAccount, parent: pulumi.Resource, context: Context) -> list[pulumi.Resource]:
    opts = kubernetes_options(context, parent, plan.cluster)
    opts.id = f"{plan.namespace}/{plan.name}"
    opts.additional_secret_outputs = OF_OTHERS
    name = kubernetes.existing_name(plan.logical_name)
    metadata = {"namespace": plan.namespace, "name": plan.name}
    read = SERVICE_ACCOUNTS["keyless"]
    return [kubernetes.Object(read, name, opts, kind="ServiceAccount", metadata=metadata, body={})]


def _nothing(plan: ServiceAccount, parent: pulumi.Resource, context: Context) -> list[pulumi.Resource]:
    return []


EXISTING: Mapping[ManagedBy, Callable[[ServiceAccount, pulumi.Resource, Context], list[pulumi.Resource]]] = {
    "keyless": _nothing,
    "workload": _read,
}


def make_patch(
    plan: WorkloadPatch,
    app: str,
    identity: azure.UserAssignedIdentity,
    parent: pulumi.Resource,
    context: Context,
    depends_on: Sequence[pulumi.Resource],
) -> pulumi.Resource:
    """The patch of one workload, after `depends_on`: it restarts pods, which then need their grants.

    Two resources of one field manager, for reasons in docs/adr/0006: the patch is written anew as a whole whenever
    it differs and never taken back; the owner before it holds no field, and its deletion takes back all of them.
    That never brings back earlier values.
    """
    metadata = {
        "namespace": plan.namespace,
        "name": plan.name,
        # A rollout that never ends is the pods' owner's to see; it must not fail or stall a stack.
        "annotations": {"pulumi.com/skipAwait": "true", **field_manager(app)},
    }
    template = _template(plan, identity)
    owner_opts = kubernetes_options(context, parent, plan.cluster, depends_on=depends_on)
    # An update of the owner would take back the fields of the patch: only another object replaces it.
    owner_opts.ignore_changes = ["metadata.annotations"]
    owner_opts.additional_secret_outputs = OF_OTHERS
    owner = kubernetes.Object(
        PATCHES[plan.kind],
        kubernetes.owner_name(plan.logical_name),
        owner_opts,
        kind=plan.kind,
        metadata=metadata,
        body={},
    )
    opts = kubernetes_options(context, parent, plan.cluster, depends_on=[*depends_on, owner])
    # The provider compares lists by index and would find our variables behind others' different for ever.
    opts.ignore_changes = [".".join((*plan.template_path, "spec", "containers"))]
    # So changes in them are seen here, and written by a creation: an update would send what is ignored as it was.
    opts.replacement_trigger = _nest(plan.template_path, template)
    opts.replace_on_changes = ["*"]
    opts.delete_before_replace = False
    opts.retain_on_delete = True
    opts.additional_secret_outputs = OF_OTHERS
    body = _nest(plan.template_path, {**template, "spec": _containers_secret(template["spec"])})
    return kubernetes.Object(
        PATCHES[plan.kind], plan.logical_name, opts, kind=plan.kind, metadata=metadata, body=body
    )


def field_manager(app: str) -> dict[str, str]:
    """The annotation that names the owner of the fields, else a random one that the state alone knows.

    After a crash between the write and its record, a second write under another name would share the fields
    with the first, and removing it would leave them behind.
    """
    return {"pulumi.com/patchFieldManager": f"keyless-{app}"}


def _template(plan: WorkloadPatch, identity: azure.UserAssignedIdentity) -> dict[str, Any]:
    env = [{"name": name, "value": value} for name, value in resolve_all(plan.env, identity).items()]
    metadata = _present(labels=plan.labels, annotations=resolve_all(plan.annotations, identity))
    # Kubernetes copies either name into the other where one is unset: a patch that owned only one would leave
    # the copy behind when it is removed.
    accounts = {"serviceAccountName": plan.service_account, "serviceAccount": plan.service_account}
    containers = [{"name": container, "env": env} for container in plan.containers if env]
    return {**_present(metadata=metadata), "spec": {**accounts, **_present(containers=containers)}}


def _containers_secret(spec: dict[str, Any]) -> dict[str, Any]:
    # A refresh puts the variables of others into the state's inputs, by index, in the place of ours: what was secret
    # there stays secret.
    return {key: pulumi.Output.secret(value) if key == "containers" else value for key, value in spec.items()}


def _nest(path: Sequence[str], value: dict[str, Any]) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    return value


def _present(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
