"""Says what a failed operation was for: the engine knows a logical name, the reader an app and its use."""

from collections.abc import Iterator, Mapping

import pulumi

from components.kubernetes import owner_name
from keyless.plan import AppPlan, CacheAccess, Grant, RoleAssignment, SharedPlan, StackPlan

# How the error of a posture begins, behind the trace that the SDK puts before it.
_POSTURE_FAILED = "PostureFailed: "
# What an API server answers to the patch of a workload that is not there: it takes the patch for a whole object.
_WITHOUT_WORKLOAD = "spec.selector: Required value"


def make_failure_hook(plan: StackPlan) -> pulumi.ResourceHookBinding:
    """The hook that, beside the error of Azure or Kubernetes, logs app, use and resource. It never retries.

    What has left the plan is deleted under the engine's own message alone.
    """
    subjects = dict(name_subjects(plan))

    def say(failure: pulumi.ErrorHookArgs) -> bool:
        if failure.name in subjects:
            pulumi.log.error(sentence(failure, subjects))
        return False

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook("keyless-failure", say)])


def sentence(failure: pulumi.ErrorHookArgs, subjects: Mapping[str, str]) -> str:
    """`cannot create: app checkout, use invoices (blob read): ... [checkout-orders-invoices-grant]`."""
    told = f"cannot {failure.failed_operation}: {subjects[failure.name]} [{failure.name}]"
    reasons = [error.partition(_POSTURE_FAILED)[2].strip() for error in failure.errors]
    told += "".join(f": {reason}" for reason in reasons if reason)
    if any(_WITHOUT_WORKLOAD in error for error in failure.errors):
        told += (
            "; the workload was not found: a patch needs one that exists, so deploy it first, "
            "or write stage: granted for the app in the environment"
        )
    return told


def name_subjects(plan: StackPlan) -> Iterator[tuple[str, str]]:
    """The logical name of every resource of `plan`, with what it is in the reader's words."""
    yield from name_shared(plan.shared)
    for app in plan.apps:
        yield from name_app(app)


def name_app(plan: AppPlan) -> Iterator[tuple[str, str]]:
    """The resources of one app."""
    app = f"app {plan.app}"
    yield plan.identity.logical_name, f"{app}: managed identity {plan.identity.id.text}"
    for credential in plan.credentials:
        what = (
            f"federated credential {credential.name} of {credential.subject} in cluster {credential.cluster}"
        )
        yield credential.logical_name, f"{app}: {what}"
    for grant in plan.grants:
        use = "use" if len(grant.uses) == 1 else "uses"
        named = f"{use} {', '.join(grant.uses)} ({grant.kind} {grant.access})"
        yield grant.logical_name, f"{app}, {named}: {describe_grant(grant)}"
    for account in plan.service_accounts:
        what = f"ServiceAccount {account.namespace}/{account.name} in cluster {account.cluster}"
        yield account.logical_name, f"{app}: {what}"
    for patch in plan.patches:
        what = f"patch of {patch.kind} {patch.namespace}/{patch.name} in cluster {patch.cluster}"
        yield patch.logical_name, f"{app}: {what}"
        yield owner_name(patch.logical_name), f"{app}: {what}"


def describe_grant(plan: Grant) -> str:
    """What is granted, and where."""
    match plan:
        case RoleAssignment():
            return f"role {plan.role} on {plan.scope}"
        case CacheAccess():
            return f"access policy {plan.policy} on {plan.cache.text}"


def name_shared(plan: SharedPlan) -> Iterator[tuple[str, str]]:
    """What an owner's apps share."""
    for zone in plan.zones:
        yield zone.logical_name, f"private DNS zone {zone.id.text}"
        yield zone.link_logical_name, f"link of private DNS zone {zone.name} to {zone.virtual_network}"
    for endpoint in plan.private_endpoints:
        users = ", ".join(endpoint.used_by) or "no app yet"
        what = f"private endpoint {endpoint.name} ({endpoint.group_id}) of resource {endpoint.resource}"
        yield endpoint.logical_name, f"{what}, used by {users}"
        yield endpoint.zone_group_logical_name, f"DNS zone group of {what}, used by {users}"
    for posture in plan.posture_patches:
        on = ", ".join(patch.id.text for patch in posture.patches)
        yield posture.logical_name, f"posture of resource {posture.resource}, patched on {on}"
