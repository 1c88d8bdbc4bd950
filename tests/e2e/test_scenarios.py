"""The main job on the real engine: what is made, and that nothing more than what was edited changes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import pytest

from tests.support.changes import name_of, operations
from tests.support.places import Place

UP = ("pulumi", "up", "--yes", "--skip-preview")
TEAMS = ("payments.dev", "search.dev")


def edit(place: Place, path: str, before: str, after: str) -> None:
    """Replace the one occurrence of `before` in a file of the project."""
    file = place.project / path
    text = file.read_text()
    assert text.count(before) == 1, (path, before)
    file.write_text(text.replace(before, after))


def up_all(place: Place) -> None:
    for stack in ("dev", *TEAMS):
        place.up(stack)


def change(place: Place, stack: str) -> dict[str, str]:
    """What an `up` of the stack does to its custom resources."""
    return operations(place.events(stack, *UP))


def of_type(names: Iterable[str], kind: str) -> set[str]:
    return {name for name in names if name.startswith(f"{kind} ")}


def names(place: Place, stack: str) -> set[str]:
    return {name_of(urn) for urn in place.ids(stack)}


def outputs(place: Place, stack: str) -> dict[str, dict[str, str]]:
    return json.loads(place.ok("pulumi", "stack", "output", "--json", "-s", stack))["apps"]


def test_up_makes_each_part_of_an_app_and_a_second_one_changes_nothing(shop: Place):
    up_all(shop)
    kinds = [name.split()[0] for name in names(shop, "payments.dev")]
    # checkout and worker: blob each, checkout's assistant; Managed Redis for one, Azure Cache for the other.
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "UserAssignedIdentity": 2,
        "FederatedIdentityCredential": 2,
        "RoleAssignment": 3,
        "AccessPolicyAssignment": 2,
        "ServiceAccount": 2,
        "DeploymentPatch": 4,
        "CronJobPatch": 2,
    }
    for stack in ("dev", *TEAMS):
        shop.up(stack, "--expect-no-changes")
        shop.ok("pulumi", "preview", "--expect-no-changes", "-s", stack)


def test_refresh_finds_no_drift(shop: Place):
    up_all(shop)
    for stack in ("dev", *TEAMS):
        shop.ok("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", stack)


def test_after_up_every_use_is_allowed_and_before_none_is(shop: Place):
    before = shop.ok("can")
    assert not re.search(r"\byes\b", before)
    up_all(shop)
    after = shop.ok("can")
    assert not re.search(r"\bno\b", after), after
    assert shop.run("can", "checkout", "invoices").returncode == 0


def test_destroy_leaves_the_cloud_as_its_world(shop: Place):
    up_all(shop)
    assert shop.differences() != []
    for stack in (*reversed(TEAMS), "dev"):
        shop.destroy(stack)
    assert shop.differences() == []


@pytest.mark.parametrize("delay", ["0", "0.8"], ids=["quick", "slow"])
def test_two_teams_come_up_at_once(shop: Place, delay: str):
    """Slow writes of both teams to one cache meet, and are repeated."""
    shop.up("dev")
    runs = [shop.start(*UP, "-s", stack, switches=("--delay", delay)) for stack in TEAMS]
    for run in runs:
        output, _ = run.communicate(timeout=300)
        assert run.returncode == 0, output
    for stack in TEAMS:
        shop.up(stack, "--expect-no-changes")


def test_changing_a_verb_touches_one_grant(shop: Place):
    up_all(shop)
    edit(
        shop,
        "apps/payments/checkout.yaml",
        "container: invoices, access: read",
        "container: invoices, access: write",
    )
    done = change(shop, "payments.dev")
    assert len(done) == 1, done
    assert of_type(done, "RoleAssignment")


def test_removing_a_use_removes_its_grant_and_settings_and_nothing_else(shop: Place):
    up_all(shop)
    edit(
        shop,
        "apps/payments/checkout.yaml",
        "  assistant: {kind: openai, account: assistant, deployment: gpt-4o, access: use}\n",
        "",
    )
    before = names(shop, "payments.dev")
    done = change(shop, "payments.dev")
    gone = before - names(shop, "payments.dev")
    assert len(gone) == 1
    assert of_type(gone, "RoleAssignment")
    assert done == {gone.pop(): "delete", **dict.fromkeys(of_type(done, "DeploymentPatch"), "replace")}
    assert len(done) == 2
    shown = json.dumps(shop.state("payments.dev"))
    assert "ASSISTANT_ENDPOINT" not in shown
    assert "INVOICES_ENDPOINT" in shown


def test_removing_an_app_removes_exactly_its_resources(shop: Place):
    up_all(shop)
    before = names(shop, "payments.dev")
    (shop.project / "apps" / "payments" / "worker.yaml").unlink()
    done = change(shop, "payments.dev")
    assert set(done.values()) == {"delete"}
    assert set(done) == {name for name in before if name.split()[1].startswith("worker")}
    assert names(shop, "payments.dev") == before - set(done)


def test_adding_an_app_touches_no_other(shop: Place):
    up_all(shop)
    source = shop.project / "apps" / "payments" / "checkout.yaml"
    text = (
        source.read_text().replace("checkout", "basket").replace("deploy/basket.yaml", "deploy/basket.yaml")
    )
    source.with_name("basket.yaml").write_text(text)
    manifest = source.with_name("deploy") / "checkout.yaml"
    manifest.with_name("basket.yaml").write_text(manifest.read_text().replace("checkout", "basket"))
    done = change(shop, "payments.dev")
    assert set(done.values()) == {"create"}
    assert all(name.split()[1].startswith("basket") for name in done), done


def test_adding_a_cluster_leaves_the_other_credentials_alone(shop: Place):
    up_all(shop)
    # Before the present one, so that an order by position would show.
    edit(
        shop,
        "Pulumi.dev.yaml",
        "    clusters:\n",
        "    clusters:\n"
        "      - {name: aks-before, context: aks-before, issuer: 'https://koreasouth.oic.prod-aks.azure.com/00000000-0000-0000-0000-000000000001/00000000-0000-0000-0000-0000000000b1/'}\n",
    )
    done = change(shop, "search.dev")
    assert set(done.values()) == {"create"}, done
    assert len(of_type(done, "FederatedIdentityCredential")) == 1
    assert len(of_type(done, "ServiceAccount")) == 1
    assert len(of_type(done, "StatefulSetPatch")) == 2
    assert len(done) == 4


def test_removing_the_outer_of_three_clusters_leaves_the_middle_one(shop: Place):
    """The two credentials that go do not wait for each other: what of them meets is repeated."""
    issuer = "https://koreasouth.oic.prod-aks.azure.com/00000000-0000-0000-0000-000000000001/00000000-0000-0000-0000-0000000000{}/"
    extra = "".join(
        f"      - {{name: {name}, context: {name}, issuer: '{issuer.format(tail)}'}}\n"
        for name, tail in (("aks-a", "b1"), ("aks-z", "b2"))
    )
    edit(shop, "Pulumi.dev.yaml", "    clusters:\n", "    clusters:\n" + extra)
    up_all(shop)
    edit(shop, "Pulumi.dev.yaml", extra, "")
    shop.up("search.dev", switches=("--delay", "0.3"))
    shop.up("search.dev", "--expect-no-changes")
    assert len(of_type(names(shop, "search.dev"), "FederatedIdentityCredential")) == 1


def test_a_service_account_of_the_workload_that_is_not_there_fails_plainly_and_is_not_made(shop: Place):
    edit(
        shop,
        "apps/search/finder.yaml",
        "service_account: finder",
        "service_account: {name: absent, managed_by: workload}",
    )
    shop.up("dev")
    answer = shop.run(*UP, "-s", "search.dev", "--color", "never")
    assert answer.returncode != 0
    assert "search/absent" in answer.stdout
    assert "does not exist" in answer.stdout
    shop.destroy("search.dev")
    shop.destroy("dev")
    assert shop.differences() == []


def test_two_teams_share_one_endpoint_and_one_record(shop: Place):
    """checkout and finder read one account; when finder stops, nothing of what checkout needs is touched."""
    up_all(shop)
    shared = names(shop, "dev")
    assert len(of_type(shared, "PrivateEndpoint")) == len(of_type(shared, "PrivateDnsZoneGroup")) == 1
    assert not of_type(names(shop, "payments.dev") | names(shop, "search.dev"), "PrivateEndpoint")
    edit(
        shop,
        "apps/search/finder.yaml",
        "  invoices: {kind: blob, account: orders, container: invoices, access: read}\n",
        "",
    )
    shop.up("dev", "--expect-no-changes")
    change(shop, "search.dev")
    shop.up("dev", "--expect-no-changes")
    assert names(shop, "dev") == shared
    answer = shop.run("can", "checkout", "invoices")
    assert answer.returncode == 0
    assert "private endpoint" in answer.stdout


def test_an_app_that_moves_to_another_team_keeps_its_client_id(shop: Place):
    # One group for all: an identity's resource group is part of what it is.
    edit(shop, "Pulumi.dev.yaml", '"rg-identities-{team}"', '"rg-identities", shared: true')
    up_all(shop)
    before = outputs(shop, "payments.dev")["worker"]
    edit(shop, "apps/payments/worker.yaml", "team: payments", "team: search")
    moved = [urn for urn in shop.ids("payments.dev") if urn.rpartition("::")[2].startswith("worker")]
    options = ("--source", "payments.dev", "--dest", "search.dev", "--include-parents", "--yes")
    shop.ok("pulumi", "state", "move", *options, *moved)
    touched = change(shop, "search.dev")
    assert "create" not in touched.values(), touched
    assert "replace" not in touched.values(), touched
    shop.up("payments.dev")
    assert outputs(shop, "search.dev")["worker"] == before
    assert "worker" not in outputs(shop, "payments.dev")
    for stack in TEAMS:
        shop.up(stack, "--expect-no-changes")


@pytest.mark.parametrize("stack", ["dev", *TEAMS])
def test_a_preview_before_anything_exists_makes_nothing(shop: Place, stack: str):
    shop.ok("pulumi", "preview", "-s", stack)
    assert shop.differences() == []


def test_no_file_of_the_project_changes(shop: Place):
    def contents() -> dict[str, bytes]:
        files = (path for path in shop.project.rglob("*") if path.is_file() and not path.is_symlink())
        return {str(path): path.read_bytes() for path in files}

    before = contents()
    up_all(shop)
    assert contents() == before


def test_a_changed_prefix_updates_the_grant_in_place_and_is_judged_by(shop: Place):
    up_all(shop)
    path, use = "apps/payments/checkout.yaml", "container: invoices, access: read"
    edit(shop, path, use, f"{use}, prefix: 2025/")
    assert "below 2025/" not in shop.run("can", "checkout", "invoices").stdout, "the wide grant is enough"
    for prefix in ("2025/", "2026/"):
        if prefix != "2025/":
            edit(shop, path, "prefix: 2025/", f"prefix: {prefix}")
            assert f"below {prefix}" in shop.run("can", "checkout", "invoices").stdout
        assert list(change(shop, "payments.dev").values()) == ["update"]
        answer = shop.ok("can", "checkout", "invoices")
        assert "under a condition" in answer
