"""The small shop on the real engine and a real kube-apiserver: Deployments, a StatefulSet, a CronJob, both kinds of account.

The in-memory cluster could be wrong where its author was; this server is Kubernetes' own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.kubernetes.apiserver import VARIABLE, ApiServerBackend
from sandbox.kubernetes.backend import Ref
from sandbox.manifests import manifests
from sandbox.world import world_of
from tests.support import apiserver
from tests.support.changes import operations
from tests.support.places import Place

UP = ("pulumi", "up", "--yes", "--skip-preview")
STACKS = ("dev", "payments.dev", "search.dev")
ASSISTANT = "  assistant: {kind: openai, account: assistant, deployment: gpt-4o, access: use}\n"
ACCOUNT = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: finder, labels: {app: finder}}\n"
OBJECTS = {
    "checkout": Ref("apps/v1", "Deployment", "payments", "checkout"),
    "worker": Ref("apps/v1", "Deployment", "payments", "worker"),
    "sweeper": Ref("batch/v1", "CronJob", "payments", "sweeper"),
    "finder": Ref("apps/v1", "StatefulSet", "search", "finder"),
    "finder's account": Ref("v1", "ServiceAccount", "search", "finder"),
}
OURS = (
    Ref("v1", "ServiceAccount", "payments", "checkout"),
    Ref("v1", "ServiceAccount", "payments", "worker"),
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ApiServerBackend]:
    if lack := apiserver.missing():
        if os.environ.get("CI") == "true":
            pytest.fail(lack)
        pytest.skip(lack)
    folder = tmp_path / "apiserver"
    folder.mkdir()
    with apiserver.running(folder) as backend:
        yield backend


@pytest.fixture
def real(shop: Place, server: ApiServerBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The shop with its manifests in the real server, and one account that its workload's owner keeps."""
    app = shop.project / "apps" / "search" / "finder.yaml"
    text = app.read_text()
    named = "service_account: finder,"
    assert named in text
    app.write_text(text.replace(named, "service_account: {name: finder, managed_by: workload},"))
    manifest = app.with_name("deploy") / "finder.yaml"
    manifest.write_text(manifest.read_text() + ACCOUNT)
    for group in manifests(shop.project, world_of(shop.project, "dev")):
        for item in group.items:
            metadata = item.body["metadata"]
            ref = Ref(
                item.body["apiVersion"], item.body["kind"], metadata.get("namespace", ""), metadata["name"]
            )
            server.create(ref, item.body, group.manager)
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(apiserver.kubeconfig(server, "aks-one")))
    monkeypatch.setenv(VARIABLE, str(kubeconfig))
    shop.up("dev")
    return shop


def contents(server: ApiServerBackend) -> dict[str, Any]:
    """What the workloads' owners see, without what counts writes."""
    found: dict[str, Any] = {}
    for name, ref in OBJECTS.items():
        body = server.get(ref)
        assert body is not None, name
        counted = ("resourceVersion", "generation")
        found[name] = {**body, "metadata": {k: v for k, v in body["metadata"].items() if k not in counted}}
    return found


def variables(server: ApiServerBackend, name: str) -> list[str]:
    body = server.get(OBJECTS[name])
    assert body is not None
    spec = body["spec"].get("jobTemplate", body)["spec"]
    return [one["name"] for one in spec["template"]["spec"]["containers"][0].get("env", [])]


def test_up_changes_nothing_twice_and_destroy_leaves_no_field_of_ours(real: Place, server: ApiServerBackend):
    before = contents(server)
    for stack in STACKS[1:]:
        real.up(stack)
    assert all(contents(server)[name] != before[name] for name in OBJECTS)
    assert all(any("keyless" in one for one in server.managers(ref)) for ref in OBJECTS.values())
    for ref in OURS:
        account = server.get(ref)
        assert account is not None
        assert account["metadata"]["annotations"]["azure.workload.identity/client-id"]
    # The in-memory cluster had no part in it.
    assert not any("object aks-one" in one for one in real.differences())
    for stack in STACKS[1:]:
        real.up(stack, "--expect-no-changes")
        real.ok("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", stack)
        real.up(stack, "--expect-no-changes")
    for stack in reversed(STACKS):
        real.destroy(stack)
    assert contents(server) == before
    assert not any("keyless" in one for ref in OBJECTS.values() for one in server.managers(ref))
    assert [server.get(ref) for ref in OURS] == [None, None]


def test_a_use_that_goes_takes_its_variables_along_and_leaves_the_owners(
    real: Place, server: ApiServerBackend
):
    real.up("payments.dev")
    assert any(one.startswith("ASSISTANT") for one in variables(server, "checkout"))
    others = {name: body for name, body in contents(server).items() if name != "checkout"}
    file = real.project / "apps" / "payments" / "checkout.yaml"
    assert ASSISTANT in file.read_text()
    file.write_text(file.read_text().replace(ASSISTANT, ""))
    done = operations(real.events("payments.dev", *UP))
    assert len(done) == 2, done
    left = variables(server, "checkout")
    assert left[0] == "LOG_LEVEL"
    assert any(one.startswith("INVOICES") for one in left)
    assert not any(one.startswith("ASSISTANT") for one in left)
    assert {name: body for name, body in contents(server).items() if name != "checkout"} == others
    real.up("payments.dev", "--expect-no-changes")


def test_a_field_of_another_manager_stays_and_the_error_names_app_and_workload(
    real: Place, server: ApiServerBackend
):
    ref = OBJECTS["checkout"]
    theirs = {"template": {"spec": {"serviceAccountName": "theirs", "serviceAccount": "theirs"}}}
    bare = {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": {"name": ref.name}}
    server.apply(ref, {**bare, "spec": theirs}, "helm")
    answer = real.run(*UP, "-s", "payments.dev", "--color", "never")
    assert answer.returncode != 0
    assert 'conflicts with "helm"' in answer.stdout
    assert "checkout" in answer.stdout.partition("Diagnostics:")[2]
    body = server.get(ref)
    assert body is not None
    assert body["spec"]["template"]["spec"]["serviceAccountName"] == "theirs"
