"""Patches against the manifests that an app names: what is there, what is not, and what nobody can see."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyless.doctor.fit import check_fit
from keyless.doctor.manifest import read_manifests
from keyless.errors import SpecError
from keyless.finding import Finding
from keyless.spec import load_apps

APP = """\
app: checkout
workload: {{kind: {kind}, namespace: shop, name: checkout, manifests: {manifests}{more}}}
uses: {{}}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout}
spec: {template: {spec: {containers: [{name: api, image: a}, {name: proxy, image: b}]}}}
"""
CRON = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: checkout}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: checkout, image: a}]}}}}}
"""


def fit(
    root: Path, manifest: str, *, kind: str = "Deployment", manifests: str = "deploy", more: str = ""
) -> list[Finding]:
    """Findings for one app and one manifest file."""
    (root / "apps" / "deploy").mkdir(parents=True)
    (root / "apps" / "checkout.yaml").write_text(APP.format(kind=kind, manifests=manifests, more=more))
    (root / "apps" / "deploy" / "all.yaml").write_text(manifest)
    return list(check_fit(root, load_apps(root)))


def test_the_containers_that_get_the_settings_are_there(tmp_path: Path) -> None:
    assert fit(tmp_path, DEPLOYMENT, more=", containers: [api]") == []


def test_a_cron_job_is_found_behind_another_object(tmp_path: Path) -> None:
    assert fit(tmp_path, CRON, kind="CronJob") == []


def test_a_container_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    (found,) = fit(tmp_path, DEPLOYMENT)
    assert (found.rule, found.file, found.line, found.key) == (
        "container-not-there",
        "apps/checkout.yaml",
        2,
        "workload",
    )
    assert found.message == "apps/deploy/all.yaml:1 has no container 'checkout'"
    assert "api, proxy" in found.fix


def test_a_workload_of_another_kind_is_told(tmp_path: Path) -> None:
    (found,) = fit(tmp_path, DEPLOYMENT, kind="StatefulSet")
    assert found.rule == "workload-not-there"
    assert "Deployment checkout" in found.fix


@pytest.mark.parametrize("manifests", ["deploi", "../../etc"])
def test_a_place_that_is_not_in_the_project_is_told(manifests: str, tmp_path: Path) -> None:
    (found,) = fit(tmp_path, DEPLOYMENT, manifests=manifests)
    assert (found.rule, found.key) == ("no-manifests", "workload.manifests")


def test_templates_of_a_chart_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("kind: Deployment\nmetadata: {name: {{ .Release.Name }}}\n")
    assert read_manifests(tmp_path, tmp_path).objects == ()


def test_a_list_is_its_items_and_merge_keys_are_merged(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text(
        "kind: List\nitems:\n"
        "- {kind: Service, metadata: &m {name: a, namespace: x}}\n"
        "- {kind: Service, metadata: {<<: *m, name: b}}\n"
    )
    assert [(one.name, one.namespace) for one in read_manifests(tmp_path, tmp_path).objects] == [
        ("a", "x"),
        ("b", "x"),
    ]


def test_a_manifest_of_another_namespace_is_told(tmp_path: Path) -> None:
    elsewhere = DEPLOYMENT.replace("{name: checkout}", "{name: checkout, namespace: other}")
    (found,) = fit(tmp_path, elsewhere, more=", containers: [api]")
    assert (found.rule, found.key) == ("other-namespace", "workload.namespace")


def test_a_manifest_that_is_no_yaml_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="not YAML"):
        fit(tmp_path, "a: \x01\n")
