"""Manifests keep the lines of their keys, whatever form they are written in."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyless.doctor.manifest import POD_TEMPLATES, read_manifests
from keyless.doctor.pod import pod_of
from keyless.errors import SpecError

LIST = """\
# Two in a list.
apiVersion: v1
kind: List
items:
  - kind: ServiceAccount
    metadata: {name: checkout}
  - kind: Deployment
    metadata: {name: checkout, namespace: shop}
    spec:
      template:
        metadata:
          labels: {a: b}
        spec:
          serviceAccountName: checkout
          containers:
            - name: api
              env:
                - name: FIRST
                  value: x
                - name: SECOND
                  valueFrom:
                    secretKeyRef: {name: keys, key: second}
              envFrom:
                - configMapRef: {name: settings}
"""


def test_lines_are_those_of_the_file_also_in_a_list(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text("kind: ConfigMap\nmetadata: {name: x}\n---\n" + LIST)
    config, account, deployment = read_manifests(tmp_path, tmp_path).objects
    assert [(one.kind, one.line) for one in (config, account, deployment)] == [
        ("ConfigMap", 1),
        ("ServiceAccount", 8),
        ("Deployment", 10),
    ]
    pod = pod_of(deployment)
    assert pod is not None
    assert (pod.service_account, pod.labels) == ("checkout", {"a": "b"})
    (api,) = pod.containers
    assert (api.name, api.line) == ("api", 19)
    assert [(one.name, one.line, one.name_of_store) for one in api.variables] == [
        ("FIRST", 21, None),
        ("SECOND", 23, "keys"),
    ]
    assert [(one.name_of_store, one.line) for one in api.imports] == [("settings", 27)]
    assert pod_of(account) is None


def test_a_key_that_an_alias_brings_has_the_line_of_its_anchor(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(
        "kind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - name: one\n      env: &env\n        - {name: X, value: y}\n"
        "    - name: two\n      env: *env\n"
    )
    pod = pod_of(read_manifests(tmp_path, tmp_path).objects[0])
    assert pod is not None
    assert [[variable.line for variable in one.variables] for one in pod.containers] == [[7], [7]]


def test_a_merged_key_has_the_line_of_its_nearest_parent(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(
        "kind: Pod\nmetadata: {name: a}\nbase: &base\n  env: [{name: X, value: y}]\nspec:\n  containers:\n    - name: one\n      <<: *base\n"
    )
    pod = pod_of(read_manifests(tmp_path, tmp_path).objects[0])
    assert pod is not None
    assert [variable.line for variable in pod.containers[0].variables] == [7]


@pytest.mark.parametrize("kind", POD_TEMPLATES)
def test_every_kind_with_pods_is_read(tmp_path: Path, kind: str) -> None:
    text = "{spec: {containers: [{name: api}], serviceAccount: old}}"
    for key in reversed(POD_TEMPLATES[kind]):
        text = f"{{{key}: {text}}}"
    (tmp_path / "all.yaml").write_text(f"{{kind: {kind}, metadata: {{name: a}}, {text[1:]}")
    (manifest,) = read_manifests(tmp_path, tmp_path).objects
    pod = pod_of(manifest)
    assert pod is not None
    assert ([one.name for one in pod.containers], pod.service_account) == (["api"], "old")


@pytest.mark.parametrize(
    "body",
    ["spec: 3", "spec: {template: []}", "spec: {template: {spec: {containers: {a: b}, volumes: x}}}",
     "spec: {template: {spec: {containers: [7, {name: a, env: [1], envFrom: {}, volumeMounts: [x]}]}}}"],
)  # fmt: skip
def test_what_is_malformed_is_no_crash(tmp_path: Path, body: str) -> None:
    (tmp_path / "all.yaml").write_text(f"kind: Deployment\nmetadata: {{name: a}}\n{body}\n")
    pod = pod_of(read_manifests(tmp_path, tmp_path).objects[0])
    assert pod is not None
    assert all(not one.variables and not one.imports for one in pod.containers)


def test_a_charts_templates_are_unread_and_named(tmp_path: Path) -> None:
    (tmp_path / "chart.yaml").write_text("kind: Deployment\nmetadata: {name: {{ .Values.name }}}\n")
    found = read_manifests(tmp_path, tmp_path)
    assert (found.objects, found.unread) == ((), ("chart.yaml",))


def test_what_is_no_yaml_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: [")
    with pytest.raises(SpecError, match=r"a\.yaml"):
        read_manifests(tmp_path, tmp_path)
