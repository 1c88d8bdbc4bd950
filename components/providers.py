"""One provider for each subscription and cluster of a stack, so that nothing hangs on a default of the machine."""

from collections.abc import Mapping
from dataclasses import dataclass

from components import azure, kubernetes
from keyless.plan import StackPlan


@dataclass(frozen=True, slots=True)
class Providers:
    """`azure` by subscription GUID, `kubernetes` by the cluster's name in the environment."""

    azure: Mapping[str, azure.Provider]
    kubernetes: Mapping[str, kubernetes.Provider]


def make_providers(plan: StackPlan) -> Providers:
    """The providers that the ids and clusters of `plan` name."""
    return Providers(
        azure={
            subscription: azure.Provider(
                f"azure-{subscription}", subscription=subscription, tenant=plan.tenant
            )
            for subscription in plan.subscriptions
        },
        kubernetes={
            cluster.name: kubernetes.Provider(f"kubernetes-{cluster.name}", context=cluster.context)
            for cluster in plan.clusters
        },
    )
