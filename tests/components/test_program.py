"""The program as a whole: providers, parents, outputs, exports."""

from keyless.plan import ClusterAccess
from tests.support.plans import (
    OTHER_SUBSCRIPTION,
    SUBSCRIPTION,
    TENANT,
    app_plan,
    cache_access,
    private_endpoint,
    role_assignment,
    shared_plan,
    stack_plan,
    zone,
)
from tests.support.synth import Made, synth


def whole() -> Made:
    """Two apps and something shared: one of every form."""
    apps = [
        app_plan(name, grants=(role_assignment(name), cache_access(name))) for name in ("checkout", "search")
    ]
    return synth(stack_plan(*apps, shared=shared_plan(private_endpoint(), zones=(zone(),))))


def test_there_is_one_provider_for_each_subscription_and_cluster_and_no_default_one() -> None:
    clusters = (ClusterAccess("aks-a", "a-admin"), ClusterAccess("aks-b", "b-admin"))
    made = synth(stack_plan(subscriptions=(SUBSCRIPTION, OTHER_SUBSCRIPTION), clusters=clusters))
    azure = made.of("pulumi:providers:azure-native")
    assert set(azure) == {f"azure-{SUBSCRIPTION}", f"azure-{OTHER_SUBSCRIPTION}"}
    assert azure[f"azure-{OTHER_SUBSCRIPTION}"].inputs == {
        "environment": "public",
        "subscriptionId": OTHER_SUBSCRIPTION,
        "tenantId": TENANT,
    }
    kubernetes = made.of("pulumi:providers:kubernetes")
    assert {name: one.inputs["context"] for name, one in kubernetes.items()} == {
        "kubernetes-aks-a": "a-admin",
        "kubernetes-aks-b": "b-admin",
    }


def test_every_resource_names_its_provider() -> None:
    for one in whole():
        if one.type.startswith(("azure-native:", "kubernetes:")):
            assert one.provider, one.name


def test_a_kubernetes_provider_never_forces_and_never_overwrites_whatever_the_machine_says() -> None:
    provider = whole().one("pulumi:providers:kubernetes")
    assert provider.inputs == {
        "context": "aks-dev-admin",
        "enableServerSideApply": "true",
        "enablePatchForce": "false",
        "upsertExistingObjects": "false",
    }


def test_what_belongs_to_an_app_stands_under_its_component() -> None:
    for one in whole():
        if one.name.startswith(("checkout-", "search-")):
            assert one.parent == one.name.partition("-")[0]


def test_components_have_the_type_tokens_of_the_contract() -> None:
    made = whole()
    assert set(made.of("keyless:azure:AppAccess")) == {"checkout", "search"}
    assert set(made.of("keyless:azure:SharedAccess")) == {"shared-payments"}


def test_no_input_is_empty() -> None:
    def check(value: object, path: str) -> None:
        assert value not in (None, "", {}, []), path
        if isinstance(value, dict):
            for key, inner in value.items():
                check(inner, f"{path}.{key}")
        if isinstance(value, list):
            for number, inner in enumerate(value):
                check(inner, f"{path}[{number}]")

    for one in whole():
        for key, value in one.inputs.items():
            check(value, f"{one.name}.{key}")


def test_each_app_registers_and_the_stack_exports_its_ids() -> None:
    made = whole()
    assert made.outputs["checkout"] == {
        "clientId": "client-id-of-checkout-identity",
        "principalId": "principal-id-of-checkout-identity",
    }
    assert made.exports == {
        "apps": {
            app: {
                "client_id": f"client-id-of-{app}-identity",
                "principal_id": f"principal-id-of-{app}-identity",
            }
            for app in ("checkout", "search")
        }
    }


def test_the_same_plan_registers_the_same_things() -> None:
    first, second = ({one.name: (one.type, one.inputs, one.depends_on) for one in whole()} for _ in range(2))
    assert first == second


def test_a_stack_without_apps_exports_no_ids() -> None:
    assert synth(stack_plan()).exports == {"apps": {}}
