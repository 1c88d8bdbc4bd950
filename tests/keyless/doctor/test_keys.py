"""Forbidden keys: refused while an app leans on one or nobody can see, let through by an override, and one line back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from keyless.cli import main
from keyless.errors import PlanError
from keyless.guarded import load_guarded_stack
from keyless.planner import load_stack
from tests.keyless.project import RESOURCES, app, blob, cluster, facts, workload, write_project

CLEAN = {"image": "a"}
LEAKY = {"env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "AZURE_STORAGE_KEY", "value": "c2VjcmV0"}]}
HIDDEN = {"envFrom": [{"secretRef": {"name": "keys"}}]}


def project(
    root: Path,
    container: dict[str, Any] | None,
    *,
    keys: dict[str, Any] | None = None,
    override: dict[str, Any] | None = None,
    kind: str = "Deployment",
    file: str = "all.yaml",
    pod: dict[str, Any] | None = None,
    **changes: Any,
) -> Path:
    """checkout reads a container of `orders`, whose keys are forbidden; its manifests hold one container, if any."""
    spec = app(workload=workload(kind=kind, manifests="deploy"))
    if container is None:
        del spec["workload"]["manifests"]
    resources = {**RESOURCES, "orders": {**RESOURCES["orders"], **(keys or {"keys": "forbidden"})}}
    resources["agents"] = {**resources["agents"], "keys": "allowed"}
    environment = facts(resources=resources, apps={"checkout": override or {}}, **changes)
    write_project(root, [spec], environment)
    if container is not None:
        template: dict[str, Any] = {
            "spec": {"containers": [{"name": "checkout", **container}]},
            **(pod or {}),
        }
        if pod and "spec" in pod:
            template["spec"] = {**pod["spec"], "containers": [{"name": "checkout", **container}]}
        manifest = {"kind": kind, "metadata": {"name": "checkout"}, "spec": {"template": template}}
        place = root / "apps" / "deploy" / file
        place.parent.mkdir(parents=True)
        place.write_text(yaml.safe_dump(manifest, sort_keys=False), encoding="utf-8")
    return root


def another_environment(root: Path) -> None:
    """prd, which shares nothing with dev but the resources."""
    text = (root / "Pulumi.dev.yaml").read_text()
    facts_of = yaml.safe_load(text)
    (one,) = facts_of["config"]["keyless:environment"]["clusters"]
    one |= {"name": "aks-prd", "context": "aks-prd", "issuer": "https://oidc.example.com/prd/"}
    (root / "Pulumi.prd.yaml").write_text(yaml.safe_dump(facts_of))


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(root), *words])


def rules(root: Path) -> list[str]:
    """The rules that `keyless plan dev` breaks."""
    with pytest.raises(PlanError) as error:
        load_guarded_stack(root, "payments.dev")
    return [finding.rule for finding in error.value.findings]


@pytest.mark.parametrize("words", [("plan", "dev"), ("check",)])
def test_a_left_over_is_refused_with_file_line_and_variable_and_without_its_value(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    result = run(project(tmp_path / "p", LEAKY), *words)
    assert result.exit_code == 2
    assert result.stderr == (
        "apps/deploy/all.yaml:12: Deployment checkout, container 'checkout' is given a key of blob as AZURE_STORAGE_KEY "
        "(by its name), and dev forbids the keys of 'orders' [keys-left-over]\n"
        "  fix: remove it here, or write keys: allowed until then, or override: {because: ...} on the resource\n"
    )


def test_pulumi_up_refuses_what_plan_refuses(tmp_path: Path) -> None:
    root = project(tmp_path / "p", LEAKY)
    with pytest.raises(PlanError, match="keys-left-over"):
        load_guarded_stack(root, "dev")
    assert load_stack(root, "dev"), "the plan itself needs no manifest"


def test_an_app_that_is_only_granted_is_refused_where_the_keys_are_forbidden(tmp_path: Path) -> None:
    result = run(project(tmp_path / "p", CLEAN, override={"stage": "granted"}), "plan", "dev")
    assert result.exit_code == 2
    assert (
        "resources.orders.keys: the app 'checkout' still runs as it did with keys: stage: granted"
        in result.stderr
    )
    assert "remove stage: granted" in result.stderr


@pytest.mark.parametrize(
    ("container", "file", "rule"),
    [(None, "", "keys-unread"), (HIDDEN, "all.yaml", "keys-hidden"), (CLEAN, "prd.yaml", "keys-unread")],
)
def test_what_nobody_can_see_is_refused(
    tmp_path: Path, container: dict[str, Any] | None, file: str, rule: str
) -> None:
    root = project(tmp_path / "p", container, file=file)
    if file == "prd.yaml":  # another environment's, by its name
        another_environment(root)
    assert rules(root) == [rule]


def test_files_of_another_environment_do_not_count(tmp_path: Path) -> None:
    root = project(tmp_path / "p", CLEAN, file="dev/all.yaml")
    other = root / "apps" / "deploy" / "overlays" / "prd"
    other.mkdir(parents=True)
    leaky = {"kind": "Deployment", "metadata": {"name": "checkout"}}
    leaky["spec"] = {"template": {"spec": {"containers": [{"name": "checkout", **LEAKY}]}}}
    (other / "all.yaml").write_text(yaml.safe_dump(leaky))
    assert rules(root) == ["keys-left-over"]  # no environment prd: a folder of that name is nobody's
    another_environment(root)
    load_guarded_stack(root, "payments.dev")


def test_a_chart_that_only_helm_can_read_is_named(tmp_path: Path) -> None:
    root = project(tmp_path / "p", CLEAN)
    file = root / "apps" / "deploy" / "all.yaml"
    file.write_text(file.read_text() + "---\nkind: Deployment\nmetadata: {name: {{ .Values.x }}}\n")
    result = run(root, "plan", "dev")
    assert "only Helm can read apps/deploy/all.yaml" in result.stderr


def test_a_patched_app_with_clean_manifests_is_let_through(tmp_path: Path) -> None:
    result = run(project(tmp_path / "p", CLEAN), "plan", "dev")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "turn the keys of orders off" in result.stdout


@pytest.mark.parametrize("container", [LEAKY, HIDDEN, None])
def test_an_override_lets_it_through_and_every_report_shows_it(
    tmp_path: Path, container: dict[str, Any] | None
) -> None:
    keys = {"keys": "forbidden", "override": {"because": "rotated last week"}}
    root = project(tmp_path / "p", container, keys=keys)
    for words in (("plan", "dev"), ("plan", "dev", "--format", "json"), ("migrate", "dev")):
        result = run(root, *words)
        assert result.exit_code == 0, result.stderr
        assert "rotated last week" in result.stdout


def test_going_back_is_one_line(tmp_path: Path) -> None:
    root = project(tmp_path / "p", LEAKY)
    file = root / "Pulumi.dev.yaml"
    file.write_text(file.read_text().replace("keys: forbidden", "keys: allowed"))
    assert run(root, "plan", "dev").exit_code == 0


def test_manifests_are_not_read_where_no_keys_are_forbidden(tmp_path: Path) -> None:
    root = project(tmp_path / "p", CLEAN, keys={"keys": "allowed"})
    (root / "apps" / "deploy" / "all.yaml").write_text("a: [")
    load_guarded_stack(root, "payments.dev")


GITOPS = [cluster(delivery="gitops")]
LABELLED = {
    "metadata": {"labels": {"azure.workload.identity/use": "true"}},
    "spec": {"serviceAccountName": "checkout"},
}


@pytest.mark.parametrize(
    ("pod", "told"),
    [
        (None, "apps/deploy/all.yaml:1 lacks the pod label azure.workload.identity/use"),
        ({"metadata": LABELLED["metadata"]}, "runs as default, not as checkout"),
    ],
)
def test_where_git_delivers_the_manifests_must_show_label_and_account(
    tmp_path: Path, pod: dict[str, Any] | None, told: str
) -> None:
    result = run(project(tmp_path / "p", CLEAN, pod=pod, clusters=GITOPS), "plan", "dev")
    assert result.exit_code == 2
    assert told in result.stderr
    assert "commit the patch to Git" in result.stderr


def test_where_git_delivers_manifests_with_label_and_account_are_patched(tmp_path: Path) -> None:
    load_guarded_stack(project(tmp_path / "p", CLEAN, pod=LABELLED, clusters=GITOPS), "payments.dev")


def test_where_git_delivers_and_no_manifests_are_named_nobody_can_tell(tmp_path: Path) -> None:
    assert rules(project(tmp_path / "p", None, clusters=GITOPS)) == ["keys-not-patched", "keys-unread"]


def test_a_job_is_patched_by_its_own_file_alone(tmp_path: Path) -> None:
    assert rules(project(tmp_path / "a", CLEAN, kind="Job")) == ["keys-not-patched"]
    load_guarded_stack(project(tmp_path / "b", CLEAN, kind="Job", pod=LABELLED), "payments.dev")


def test_every_app_of_the_resource_counts_and_no_other(tmp_path: Path) -> None:
    resources = {**RESOURCES, "orders": {**RESOURCES["orders"], "keys": "forbidden"}}
    resources["agents"] = {**resources["agents"], "keys": "allowed"}
    other = app("other", {"fast": {"kind": "redis", "cache": "cache", "access": "read"}})
    apps = [app("one"), app("two", {"bills": blob("write", "bills")}), other]
    root = write_project(tmp_path / "p", apps, facts(resources=resources))
    with pytest.raises(PlanError) as error:
        load_guarded_stack(root, "payments.dev")
    assert [one.file for one in error.value.findings] == ["apps/0.yaml", "apps/1.yaml"]


def test_an_absent_app_does_not_count(tmp_path: Path) -> None:
    load_guarded_stack(project(tmp_path / "p", LEAKY, override={"absent": "next year"}), "payments.dev")


@pytest.mark.parametrize("resource", ["cache", "sessions"])
def test_turning_keys_off_on_redis_says_that_every_connection_ends(tmp_path: Path, resource: str) -> None:
    resources = {**RESOURCES, resource: {**RESOURCES[resource], "keys": "forbidden"}}
    resources["agents"] = {**resources["agents"], "keys": "allowed"}
    root = write_project(tmp_path / "p", [app()], facts(resources=resources))
    result = run(root, "plan", "dev")
    assert (
        f"turn the keys of {resource} off, once nothing uses them (this ends every open connection once"
        in result.stdout
    )


def test_a_workload_of_another_namespace_is_another_workload(tmp_path: Path) -> None:
    root = project(tmp_path / "p", CLEAN)
    file = root / "apps" / "deploy" / "all.yaml"
    text = file.read_text()
    file.write_text(text.replace("name: checkout\nspec", "name: checkout\n  namespace: elsewhere\nspec"))
    assert file.read_text() != text
    assert rules(root) == ["keys-unread"]
    file.write_text(text.replace("name: checkout\nspec", "name: checkout\n  namespace: payments\nspec"))
    load_guarded_stack(root, "payments.dev")


def test_manifests_outside_of_the_project_are_not_read(tmp_path: Path) -> None:
    root = project(tmp_path / "p", CLEAN)
    (root / "apps" / "deploy").rename(tmp_path / "deploy")
    spec = root / "apps" / "0.yaml"
    spec.write_text(spec.read_text().replace("manifests: deploy", "manifests: ../../deploy"))
    assert rules(root) == ["keys-unread"]
