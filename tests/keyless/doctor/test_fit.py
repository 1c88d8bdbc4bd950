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


CHART = "kind: Deployment\nmetadata: {name: {{ .Release.Name }}}\n"
CONFIG = """\
kind: ConfigMap
metadata: {name: alerts}
data:
  one: "{{ $labels.pod }}"
  two: |
    {{ range .Alerts }}x{{ end }}
---
"""


@pytest.mark.parametrize(
    "text",
    [
        CHART,
        'kind: Deployment\nmetadata: {name: "{{ .Release.Name }}"}\n',
        "kind: Deployment\nmetadata: {name: checkout}\nspec: {replicas: a{{ .Values.n }}}\n{{- end }}\n",
        "kind: Service\nmetadata: {name: x}\nspec:\n  type: a{{ .Values.n }}\n",
        "{{" * 3_000,
    ],
)
def test_a_chart_that_cannot_be_read_is_a_warning(text: str, tmp_path: Path) -> None:
    (found,) = fit(tmp_path, text)
    assert (found.rule, found.severity, found.key) == ("unread-templates", "warning", "workload.manifests")
    assert found.message == (
        "could not read 1 template (apps/deploy/all.yaml),"
        " so whether the Deployment 'checkout' is there is not known"
    )


def test_what_stands_beside_a_template_is_read(tmp_path: Path) -> None:
    (tmp_path / "apps" / "deploy").mkdir(parents=True)
    (tmp_path / "apps" / "deploy" / "chart.yaml").write_text(CHART)
    (tmp_path / "apps" / "checkout.yaml").write_text(
        APP.format(kind="Deployment", manifests="deploy", more="")
    )
    (tmp_path / "apps" / "deploy" / "plain.yaml").write_text(DEPLOYMENT)
    (found,) = check_fit(tmp_path, load_apps(tmp_path))
    assert found.rule == "container-not-there"


def test_braces_in_quotes_and_blocks_are_no_template(tmp_path: Path) -> None:
    assert fit(tmp_path, CONFIG + DEPLOYMENT, more=", containers: [api]") == []


def test_a_workload_that_is_not_beside_such_text_is_an_error(tmp_path: Path) -> None:
    (found,) = fit(tmp_path, CONFIG + DEPLOYMENT, kind="StatefulSet")
    assert (found.rule, found.severity) == ("workload-not-there", "error")


@pytest.mark.parametrize("items", ["5", "{a: b}", "nothing", "", "[5, [], {kind: 7}]"])
def test_a_list_without_items_holds_nothing(items: str, tmp_path: Path) -> None:
    (found,) = fit(tmp_path, f"kind: List\nitems: {items}\n")
    assert found.rule == "workload-not-there"


@pytest.mark.parametrize("manifests", ["a" * 5_000, '"a\\0b"', "loop"])
def test_a_path_that_no_file_can_have_is_told(manifests: str, tmp_path: Path) -> None:
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "loop").symlink_to("loop")
    text = APP.format(kind="Deployment", manifests=manifests, more="")
    (tmp_path / "apps" / "checkout.yaml").write_text(text)
    (found,) = check_fit(tmp_path, load_apps(tmp_path))
    assert found.rule == "no-manifests"
    assert len(found.message) < 200


def test_a_manifest_that_leads_out_of_the_project_is_told(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(DEPLOYMENT)
    project = tmp_path / "project"
    (project / "apps" / "deploy").mkdir(parents=True)
    (project / "apps" / "deploy" / "all.yaml").symlink_to(tmp_path / "secret")
    (project / "apps" / "checkout.yaml").write_text(
        APP.format(kind="Deployment", manifests="deploy", more="")
    )
    with pytest.raises(SpecError, match="leads out of the project"):
        list(check_fit(project, load_apps(project)))


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
