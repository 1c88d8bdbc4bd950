"""Manifests as people have them: taken as kubectl takes them, or refused with file, object and fix; never a traceback."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sandbox import store, world
from sandbox.errors import SandboxError

GOOD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout}
spec:
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout}}
    spec: {containers: [{name: app, image: "checkout:1"}]}
"""


class Place:
    """A project whose world applies one file."""

    def __init__(self, folder: Path) -> None:
        self.project, self.box = folder / "project", folder / "box"
        self.file = self.project / "deploy.yaml"
        (self.project / "sandbox" / "worlds").mkdir(parents=True)
        (self.project / "sandbox" / "worlds" / "dev.yaml").write_text(
            "azure: [{id: /subscriptions/s/resourceGroups/rg, tags: {1: one, made: 2024-01-01}}]\n"
            "clusters: [{context: one, apply: [{path: deploy.yaml, namespace: shop}]}]\n"
        )

    def load(self, text: str) -> int:
        self.file.write_text(text)
        return world.load(self.project, "dev", self.box)

    def rows(self, table: str) -> list[Any]:
        with closing(store.connect(self.box)) as connection:
            return [json.loads(body) for (body,) in connection.execute(f"SELECT body FROM {table}")]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("kind: Deployment\n", "", "kind of the object 'checkout' is nothing"),
        ("kind: Deployment", "kind: [Deployment]", "kind of the object 'checkout' is ['Deployment']"),
        ("name: checkout}", "name: 12}", "metadata.name of the object 12 is 12, which is no text"),
        ("name: checkout}", "name: checkout, namespace: 12}", "metadata.namespace of the object 'checkout'"),
        (
            "  selector: {matchLabels: {app: checkout}}\n",
            "",
            "Deployment shop/checkout: no cluster would take it",
        ),
        ('image: "checkout:1"', 'image: "checkout:1", env: [x]', "cannot unmarshal string"),
        ('image: "checkout:1"', 'image: "checkout:1", env: [{name: A, value: 1}]', "cannot unmarshal number"),
        ("{name: checkout}", "{name: checkout, labels: {a: true}}", "cannot unmarshal bool"),
        ("  template:", "  template: x\n  other:", "cannot unmarshal string"),
        ("selector: {matchLabels: {app: checkout}}", "selector: x", "of type v1.LabelSelector"),
        ("{name: checkout}", "{name: Check_Out}", "lowercase RFC 1123 subdomain"),
        ("metadata: {name: checkout}", "metadata: {name: checkout, x: !!binary aGk=}", "which JSON has not"),
        ("apiVersion: apps/v1", "apiVersion: apps/v1\nself: &a [*a]", "cannot be read"),
        ("apiVersion: apps/v1", "apiVersion: [apps/v1", "cannot be read"),
    ],
)
def test_what_no_cluster_takes_is_told_by_file_and_object_and_leaves_no_trace(
    place: Place, before: str, after: str, said: str
) -> None:
    assert before in GOOD
    with pytest.raises(SandboxError) as error:
        place.load(GOOD.replace(before, after, 1))
    assert said in str(error.value)
    assert str(place.file) in str(error.value)
    if place.box.exists():
        assert place.rows("objects") == place.rows("arm") == []
    # The manifest put right, everything is there: nothing of the first try counts as loaded.
    assert place.load(GOOD) == 3
    assert len(place.rows("objects")) == 2
    assert len(place.rows("arm")) == 1


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("{name: checkout, namespace: }", {"name": "checkout", "namespace": "shop"}),
        (
            "{name: checkout, annotations: {since: 2024-01-01}}",
            {"name": "checkout", "namespace": "shop", "annotations": {"since": "2024-01-01"}},
        ),
        (
            "{name: checkout, annotations: {1: a, b: 2001-12-14t21:59:43Z}}",
            {"name": "checkout", "namespace": "shop", "annotations": {"1": "a", "b": "2001-12-14t21:59:43Z"}},
        ),
    ],
)
def test_what_kubectl_takes_is_taken(place: Place, written: str, found: dict[str, Any]) -> None:
    place.load(GOOD.replace("{name: checkout}", written, 1))
    metadata = [one["metadata"] for one in place.rows("objects") if one["kind"] == "Deployment"]
    assert metadata == [found]
    assert place.rows("arm")[0]["tags"] == {"1": "one", "made": "2024-01-01"}


@pytest.mark.parametrize(
    "spec",
    [
        "{ports: [8080], env: [x], volumes: {a: b}, containers: 1}",
        "{containers: [{name: {a: b}}], env: [{name: [x]}]}",
    ],
)
def test_a_kind_of_ones_own_may_hold_anything(place: Place, spec: str) -> None:
    """A custom resource's fields have the names of a pod's and another meaning."""
    place.load(f"apiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: a}}\nspec: {spec}\n")
    assert [one["kind"] for one in place.rows("objects")] == ["Namespace", "Thing"]


def test_a_kind_of_ones_own_may_have_the_name_of_another(place: Place) -> None:
    place.load(
        "apiVersion: example.com/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {image: 1, own: [x]}\n"
    )
    assert place.rows("objects")[1]["spec"] == {"image": 1, "own": ["x"]}


@pytest.mark.parametrize("text", ["", "a: b\n", "kind: List\napiVersion: v1\nitems: 5\n", "[1, 2]\n"])
def test_what_is_no_object_is_passed_over(place: Place, text: str) -> None:
    assert place.load(text) == 1
