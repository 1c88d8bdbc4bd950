"""Grants: their form, their words in the portal, and their order."""

from tests.support.plans import (
    OTHER_SUBSCRIPTION,
    SUBSCRIPTION,
    app_plan,
    arm_id,
    cache_access,
    role_assignment,
    stack_plan,
)
from tests.support.synth import Made, synth

MANAGED = arm_id("Microsoft.Cache/redisEnterprise", "amr-sessions")
CLASSIC = arm_id("Microsoft.Cache/redis", "redis-sessions")


def granted(*grants: object, **changes: object) -> Made:
    return synth(stack_plan(app_plan(grants=grants), **changes))


def test_a_role_is_assigned_to_the_service_principal_at_the_scope_of_the_plan() -> None:
    plan = role_assignment("checkout")
    inputs = granted(plan).one("RoleAssignment").inputs
    assert inputs.pop("description")
    assert inputs == {
        "roleAssignmentName": plan.assignment,
        "scope": plan.scope,
        "roleDefinitionId": plan.role_definition_id,
        "principalId": "principal-id-of-checkout-identity",
        "principalType": "ServicePrincipal",
    }


def test_the_description_says_app_environment_uses_and_why() -> None:
    plan = role_assignment("checkout", uses=("drafts", "invoices"), because="no smaller role reads blobs")
    assert granted(plan).one("RoleAssignment").inputs["description"] == (
        "Keyless: app checkout in dev, uses drafts, invoices (blob read): no smaller role reads blobs"
    )


def test_a_description_is_cut_where_azure_would_refuse_it() -> None:
    made = granted(role_assignment("checkout", because="x" * 2000)).one("RoleAssignment")
    assert len(made.inputs["description"]) == 1024


def test_a_condition_goes_with_its_version() -> None:
    inputs = granted(role_assignment("checkout", condition="@Resource[...]")).one("RoleAssignment").inputs
    assert (inputs["condition"], inputs["conditionVersion"]) == ("@Resource[...]", "2.0")


def test_a_role_is_assigned_by_the_provider_of_its_scopes_subscription() -> None:
    made = granted(
        role_assignment("checkout", subscription=OTHER_SUBSCRIPTION),
        subscriptions=(SUBSCRIPTION, OTHER_SUBSCRIPTION),
    )
    assert made.one("RoleAssignment").provider == f"azure-{OTHER_SUBSCRIPTION}"
    assert made.one("UserAssignedIdentity").provider == f"azure-{SUBSCRIPTION}"


def test_role_assignments_do_not_wait_for_each_other() -> None:
    made = granted(role_assignment("checkout", "a"), role_assignment("checkout", "b")).of("RoleAssignment")
    assert [one.depends_on for one in made.values()] == [{"checkout-identity"}] * 2


def test_access_to_a_classic_cache_names_the_cache_the_policy_and_the_identity() -> None:
    made = granted(cache_access("checkout", CLASSIC)).one("azure-native:redis:AccessPolicyAssignment")
    assert made.inputs == {
        "resourceGroupName": "rg-shop-dev",
        "cacheName": "redis-sessions",
        "accessPolicyAssignmentName": "checkout-dev",
        "accessPolicyName": "Data Contributor",
        "objectId": "principal-id-of-checkout-identity",
        "objectIdAlias": "id-checkout-dev",
    }


def test_access_to_a_managed_cache_names_the_cluster_its_database_and_the_user() -> None:
    made = granted(cache_access("checkout", MANAGED)).one(
        "azure-native:redisenterprise:AccessPolicyAssignment"
    )
    assert made.inputs == {
        "resourceGroupName": "rg-shop-dev",
        "clusterName": "amr-sessions",
        "databaseName": "default",
        "accessPolicyAssignmentName": "checkout-dev",
        "accessPolicyName": "default",
        "user": {"objectId": "principal-id-of-checkout-identity"},
    }


def test_writes_of_one_cache_wait_for_each_other_across_apps_and_those_of_another_do_not() -> None:
    other = arm_id("Microsoft.Cache/redis", "redis-other")
    shouted = arm_id("Microsoft.Cache/Redis", "REDIS-SESSIONS")
    made = synth(
        stack_plan(
            app_plan("a", grants=(cache_access("a", CLASSIC),)),
            app_plan("b", grants=(cache_access("b", other),)),
            app_plan("c", grants=(cache_access("c", shouted),)),
        )
    ).of("AccessPolicyAssignment")
    assert made["a-sessions-grant"].depends_on == {"a-identity"}
    assert made["b-sessions-grant"].depends_on == {"b-identity"}
    # Its own identity and the last write to the cache, whatever that one waited for.
    assert {"a-sessions-grant", "c-identity"} <= made["c-sessions-grant"].depends_on


def test_what_azure_names_is_deleted_before_it_is_replaced() -> None:
    made = granted(role_assignment("checkout"), cache_access("checkout"))
    for one in made:
        if one.type.startswith("azure-native:"):
            assert one.request.deleteBeforeReplace, one.name  # type: ignore[union-attr]


def test_an_app_without_uses_gets_no_grant() -> None:
    made = granted()
    assert not made.of("RoleAssignment")
    assert not made.of("AccessPolicyAssignment")
