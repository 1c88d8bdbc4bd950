"""What a plan comes to: merged grants, clusters, stages, stacks."""

from __future__ import annotations

from pathlib import Path

from keyless.plan import RoleAssignment
from tests.keyless.project import app, apps_of, blob, cluster, facts, planned, workload


def test_uses_of_one_target_are_one_grant_with_the_widest_verb(tmp_path: Path) -> None:
    made = apps_of(planned(tmp_path, [app(uses={"b": blob("read"), "a": blob("write"), "c": blob("read")})]))
    (grant,) = made["checkout"].grants
    assert (grant.uses, grant.access) == (("a", "b", "c"), "write")
    assert isinstance(grant, RoleAssignment)
    assert grant.role == "Storage Blob Data Contributor"
    assert grant.logical_name == "checkout-orders-invoices-grant"
    assert len(made["checkout"].settings) == 6


def test_removing_one_of_two_uses_keeps_the_name_of_their_grant(tmp_path: Path) -> None:
    both = apps_of(planned(tmp_path / "1", [app(uses={"a": blob(), "b": blob()})]))["checkout"].grants[0]
    one = apps_of(planned(tmp_path / "2", [app(uses={"b": blob()})]))["checkout"].grants[0]
    assert both.logical_name == one.logical_name
    assert both.assignment == one.assignment


def test_two_containers_are_two_grants(tmp_path: Path) -> None:
    made = apps_of(planned(tmp_path, [app(uses={"a": blob(), "b": blob(container="other")})]))
    assert [g.logical_name for g in made["checkout"].grants] == [
        "checkout-orders-invoices-grant",
        "checkout-orders-other-grant",
    ]


def test_a_waiver_widens_the_scope_to_the_account_and_is_repeated(tmp_path: Path) -> None:
    waiver = {"scope": "account", "because": "makes containers"}
    made = apps_of(planned(tmp_path, [app(uses={"a": blob("write", waiver=waiver)})]))
    (grant,) = made["checkout"].grants
    assert isinstance(grant, RoleAssignment)
    assert grant.scope.endswith("/storageAccounts/storders")
    assert grant.role == "Storage Blob Data Contributor"
    assert grant.waiver is not None
    assert (grant.waiver.scope, grant.waiver.because) == ("account", "makes containers")


def test_a_waiver_may_name_a_role_of_the_catalogue(tmp_path: Path) -> None:
    waiver = {"role": "Storage Blob Data Owner", "because": "sets ACLs"}
    made = apps_of(planned(tmp_path, [app(uses={"a": blob("write", waiver=waiver)})]))
    (grant,) = made["checkout"].grants
    assert isinstance(grant, RoleAssignment)
    assert grant.role_id == "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"


def test_two_clusters_give_two_credentials_accounts_and_patches(tmp_path: Path) -> None:
    made = apps_of(planned(tmp_path, [app()], facts(clusters=[cluster("b"), cluster("a")])))["checkout"]
    assert [c.name for c in made.credentials] == ["a_payments_checkout", "b_payments_checkout"]
    assert {c.subject for c in made.credentials} == {"system:serviceaccount:payments:checkout"}
    assert [a.cluster for a in made.service_accounts] == ["a", "b"]
    assert [p.cluster for p in made.patches] == ["a", "b"]


def test_workloads_of_one_account_share_one_credential(tmp_path: Path) -> None:
    spec = app(
        workload=None,
        workloads=[workload("w", service_account="s"), workload("c", "CronJob", service_account="s")],
    )
    made = apps_of(planned(tmp_path, [spec]))["checkout"]
    assert [c.subject for c in made.credentials] == ["system:serviceaccount:payments:s"]
    assert [a.name for a in made.service_accounts] == ["s"]
    assert [(p.kind, p.template_path) for p in made.patches] == [
        ("CronJob", ("spec", "jobTemplate", "spec", "template")),
        ("Deployment", ("spec", "template")),
    ]


def test_gitops_touches_nothing_in_the_cluster(tmp_path: Path) -> None:
    plan = planned(tmp_path, [app()], facts(clusters=[cluster(delivery="gitops")]))
    made = apps_of(plan)["checkout"]
    assert (made.service_accounts, made.patches) == ((), ())
    assert made.workloads[0].rendered_in == ("aks-dev",)
    assert len(made.credentials) == 1
    assert all(stack.clusters == () for stack in plan.stacks)


def test_granted_makes_the_account_and_no_patch(tmp_path: Path) -> None:
    made = apps_of(planned(tmp_path, [app()], facts(apps={"checkout": {"stage": "granted"}})))["checkout"]
    assert [a.name for a in made.service_accounts] == ["checkout"]
    assert made.patches == ()
    assert made.grants


def test_a_job_is_rendered_and_never_patched(tmp_path: Path) -> None:
    made = apps_of(planned(tmp_path, [app(workload=workload(kind="Job"))]))["checkout"]
    assert len(made.service_accounts) == 1
    assert made.patches == ()
    assert made.workloads[0].rendered_in == ("aks-dev",)


def test_an_absent_app_is_left_out(tmp_path: Path) -> None:
    plan = planned(tmp_path, [app(), app("other")], facts(apps={"checkout": {"absent": "next year"}}))
    assert list(apps_of(plan)) == ["other"]


def test_overrides_change_namespace_name_and_clusters(tmp_path: Path) -> None:
    override = {"namespace": "payments-dev", "name": "checkout-blue", "clusters": ["b"]}
    environment = facts(clusters=[cluster("a"), cluster("b")], apps={"checkout": override})
    made = apps_of(planned(tmp_path, [app()], environment))["checkout"]
    (workload,) = made.workloads
    assert (workload.namespace, workload.name, workload.containers) == (
        "payments-dev",
        "checkout-blue",
        ("checkout",),
    )
    assert [c.subject for c in made.credentials] == ["system:serviceaccount:payments-dev:checkout-blue"]
    assert [c.cluster for c in made.credentials] == ["b"]


def test_a_team_that_consumers_name_may_use_a_teams_resource(tmp_path: Path) -> None:
    resources = facts()["resources"]
    owned = {"orders": {**resources["orders"], "team": "ml", "consumers": ["payments"]}}
    plan = planned(tmp_path, [app()], facts(resources=owned))
    assert [stack.stack for stack in plan.stacks] == ["dev", "ml.dev", "payments.dev"]
    assert list(apps_of(plan)) == ["checkout"]


def test_an_app_of_no_team_is_in_the_environments_stack(tmp_path: Path) -> None:
    made = apps_of(planned(tmp_path, [app(team=None)]))["checkout"]
    assert made.stack == "dev"
    assert made.identity.resource_group == "rg-identities-shared-dev"


def test_a_shared_group_may_be_accepted(tmp_path: Path) -> None:
    identities = {"resource_group": "rg-identities", "shared": True}
    plan = planned(tmp_path, [app(), app("other", team="search")], facts(identities=identities))
    assert {made.identity.resource_group for made in apps_of(plan).values()} == {"rg-identities"}


def test_twenty_credentials_are_fine_and_a_hundred_and_one_apps_warn(tmp_path: Path) -> None:
    many = facts(clusters=[cluster(f"c{n}") for n in range(20)])
    assert len(apps_of(planned(tmp_path / "1", [app()], many))["checkout"].credentials) == 20
    plan = planned(tmp_path / "2", [app(f"a{n}", uses={}) for n in range(101)])
    assert [warning.rule for warning in plan.warnings] == ["large-stack"]
    assert planned(tmp_path / "3", [app(f"a{n}", uses={}) for n in range(100)]).warnings == ()


def test_a_team_whose_last_app_is_absent_keeps_its_stack(tmp_path: Path) -> None:
    plan = planned(tmp_path, [app()], facts(apps={"checkout": {"absent": "prd in Q3"}}))
    assert [(stack.stack, stack.apps) for stack in plan.stacks] == [("dev", ()), ("payments.dev", ())]


def test_the_reasons_of_two_waivers_of_one_grant_are_both_kept(tmp_path: Path) -> None:
    wide = {"scope": "account"}
    uses = {
        "a": blob(waiver={**wide, "because": "a tenant is a container"}),
        "b": blob(waiver={**wide, "because": "lists them all"}),
    }
    (grant,) = apps_of(planned(tmp_path, [app(uses=uses)]))["checkout"].grants
    assert grant.waiver is not None
    assert grant.waiver.because == "a tenant is a container; lists them all"


def test_teams_that_no_app_has_are_worth_a_warning(tmp_path: Path) -> None:
    resources = facts()["resources"]
    odd = {
        **resources,
        "orders": {**resources["orders"], "team": "paymets", "consumers": ["payments", "serch"]},
    }
    plan = planned(tmp_path, [app()], facts(resources=odd))
    assert [(w.rule, w.severity, w.message) for w in plan.warnings] == [
        ("unknown-team", "warning", "no app has the team 'paymets'"),
        ("unknown-team", "warning", "no app has the team 'serch'"),
    ]


def test_an_app_that_runs_nowhere_is_worth_a_warning(tmp_path: Path) -> None:
    plan = planned(tmp_path, [app()], facts(clusters=[]))
    assert [w.rule for w in plan.warnings] == ["no-credential"]


def test_a_stack_of_a_hundred_and_one_apps_is_worth_a_warning(tmp_path: Path) -> None:
    plan = planned(tmp_path, [app(f"app-{number}") for number in range(101)])
    assert [w.rule for w in plan.warnings] == ["large-stack"]
    assert "payments.dev has 101 apps" in plan.warnings[0].message
