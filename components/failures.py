"""Says what a failed operation was for, and repeats what Azure refuses only for now.

The engine knows a logical name, the reader an app and its use.
"""

import asyncio
import os
from collections.abc import Iterator, Mapping

import pulumi

from components.kubernetes import owner_name
from keyless.plan import AppPlan, CacheAccess, Grant, RoleAssignment, SharedPlan, StackPlan

# How the error of a posture begins, behind the trace that the SDK puts before it.
_POSTURE_FAILED = "PostureFailed: "
# Seconds before the first repetition; each later wait is twice the one before, up to a minute. Another pace suits
# a cloud that is quicker, such as the sandbox's.
PACE_VARIABLE = "KEYLESS_RETRY_PACE"
PACE = 2.0
LONGEST_WAIT = 60.0
REPETITIONS = 7
# What goes by itself, by type and a word of the error. The provider repeats 429 and 5xx, and none of these: writes of
# another stack below one identity or cache, and a principal that has not reached every region yet.
PASSING: Mapping[str, tuple[str, ...]] = {
    "azure-native:managedidentity:FederatedIdentityCredential": (
        "ConcurrentFederatedIdentityCredentialsWrites",
    ),
    "azure-native:redis:AccessPolicyAssignment": ("busy processing",),
    "azure-native:redisenterprise:AccessPolicyAssignment": ("busy processing",),
    "azure-native:authorization:RoleAssignment": ("PrincipalNotFound",),
}
_GRANTED = (
    "the identity holds this grant already: name it in the environment, as `apps: {{<app>: {{grants: {{<use>: <id>}}}}}}`; "
    "`az role assignment list --all -o json | keyless import {environment}` prints the line"
)
# What an error means for the reader, by a word of it.
# `{environment}` is filled in.
HINTS: Mapping[str, str] = {
    # What an API server answers to the patch of a workload that is not there: it takes the patch for a whole object.
    "spec.selector: Required value": (
        "the workload was not found: a patch needs one that exists, so deploy it first, "
        "or write stage: granted for the app in the environment"
    ),
    "Microsoft.Network/privateDnsZones/": (
        "a private DNS zone was not found: where zones are managed, the environment's own stack makes them, "
        "so bring that one up first"
    ),
    # The identity holds the grant already, under another name: a role, a policy of a cache.
    "RoleAssignmentExists": _GRANTED,
    "already has an access policy": _GRANTED,
    "Issuer and subject combination already exists": (
        "the identity has such a credential already: name it in the environment, as "
        "`apps: {{<app>: {{credentials: {{<name>: <id>}}}}}}`; `az identity federated-credential list -o json ... | "
        "keyless import {environment}` prints the line"
    ),
}


def make_failure_hook(plan: StackPlan) -> pulumi.ResourceHookBinding:
    """The hook that, beside the error of Azure or Kubernetes, logs app, use and resource, or repeats what passes."""
    subjects = dict(name_subjects(plan))
    pace = float(os.environ.get(PACE_VARIABLE) or PACE)

    async def say(failure: pulumi.ErrorHookArgs) -> bool:
        if passes(failure):
            await asyncio.sleep(wait(len(failure.errors), pace))
            return True
        pulumi.log.error(sentence(failure, subjects, plan.environment))
        return False

    return pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook("keyless-failure", say)])


def passes(failure: pulumi.ErrorHookArgs) -> bool:
    """Whether to try once more: the newest error is one that passes, and there were not too many."""
    words = PASSING.get(failure.type, ())
    newest = failure.errors[0] if failure.errors else ""
    return len(failure.errors) <= REPETITIONS and any(word in newest for word in words)


def wait(failures: int, pace: float) -> float:
    """Seconds before the next try, after so many failures."""
    return min(pace * 2.0 ** (failures - 1), LONGEST_WAIT)


def sentence(failure: pulumi.ErrorHookArgs, subjects: Mapping[str, str], environment: str) -> str:
    """`cannot create: app checkout, use invoices (blob read): ... [checkout-orders-invoices-grant]`."""
    subject = subjects.get(failure.name, "what has left the plan")
    told = f"cannot {failure.failed_operation}: {subject} [{failure.name}]"
    reasons = [error.partition(_POSTURE_FAILED)[2].strip() for error in failure.errors]
    told += "".join(f": {reason}" for reason in reasons if reason)
    hints = [hint for word, hint in HINTS.items() if any(word in error for error in failure.errors)]
    filled = (hint.format(environment=environment) for hint in dict.fromkeys(hints))
    return "; ".join((told, *filled))


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
    for setting in plan.diagnostic_settings:
        what = (
            f"diagnostic setting {setting.name} of resource {setting.resource}, to {setting.workspace.text}"
        )
        yield setting.logical_name, what
    for posture in plan.posture_patches:
        on = ", ".join(patch.id.text for patch in posture.patches)
        yield posture.logical_name, f"posture of resource {posture.resource}, patched on {on}"
