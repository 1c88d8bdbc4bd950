"""What every part of a stack is given besides its plan and its parent."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components import azure, kubernetes
from components.failures import make_failure_hook
from components.series import Series
from keyless.plan import StackPlan


@dataclass(frozen=True, slots=True)
class Context:
    """`azure` by subscription GUID, `kubernetes` by the cluster's name in the environment, `cloud` as in the plan."""

    cloud: str
    azure: Mapping[str, azure.Provider]
    kubernetes: Mapping[str, kubernetes.Provider]
    hooks: pulumi.ResourceHookBinding
    series: Series = field(default_factory=Series)


def make_context(plan: StackPlan) -> Context:
    """A provider for each subscription and cluster of `plan`: nothing hangs on a default of the machine."""
    return Context(
        cloud=plan.cloud,
        azure={
            subscription: azure.Provider(
                f"azure-{subscription}", cloud=plan.cloud, subscription=subscription, tenant=plan.tenant
            )
            for subscription in plan.subscriptions
        },
        kubernetes={
            cluster.name: kubernetes.Provider(f"kubernetes-{cluster.name}", context=cluster.context)
            for cluster in plan.clusters
        },
        hooks=make_failure_hook(plan),
    )
