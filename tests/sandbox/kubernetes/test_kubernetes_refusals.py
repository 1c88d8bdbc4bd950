"""Every refusal of the stand-in Kubernetes, a row each in `refusals.yaml`: over gRPC, and by a real API server."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2

from sandbox.faults import Failure, Faults
from sandbox.kubernetes import names
from sandbox.kubernetes.apiserver import ApiServerBackend
from sandbox.kubernetes.backend import ApiError, Backend, Ref
from sandbox.kubernetes.provider import CREATOR, KINDS
from sandbox.kubernetes.schema import types
from sandbox.wire import encode
from tests.sandbox.kubernetes.conftest import Client, serving

HERE = Path(__file__).parent
CODE = HERE.parents[2] / "sandbox" / "kubernetes"
# Where refusals are worded; each sentence in them must come up in a row.
WORDED = ("backend", "memory", "names", "provider", "schema", "validation")
RUN = re.compile(r"\{(\d+)\}")
ROWS: list[dict[str, Any]] = yaml.safe_load(
    RUN.sub(lambda run: "x" * int(run[1]), (HERE / "refusals.yaml").read_text(encoding="utf-8"))
)


def of(*places: str) -> Any:
    """The rows that are sent to these places, named for the test."""
    rows = [row for row in ROWS if row.get("at", "both") in (*places, "both")]
    return pytest.mark.parametrize(
        "row", rows, ids=lambda row: f"{row['type'].rpartition(':')[2]}-{row['why']}"
    )


def inputs(row: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": "checkout", "namespace": "shop", **row.get("metadata", {})}
    return {
        "metadata": {name: one for name, one in metadata.items() if one is not None},
        **row.get("body", {}),
    }


@of("provider")
def test_refuses_over_grpc_and_leaves_no_trace(client: Client, row: dict[str, Any]) -> None:
    if "config" in row:
        client.stub.Configure(provider_pb2.ConfigureRequest(args=encode(row["config"])))
    before = client.snapshot()
    assert row["text"] in refused(client, row, inputs(row))
    assert client.snapshot() == before


def refused(client: Client, row: dict[str, Any], news: dict[str, Any]) -> str:
    """The words of the refusal; fails where the request is accepted."""
    kind, do = row["type"], row.get("do", "create")
    if do == "check":
        request = provider_pb2.CheckRequest(urn=client.urn(kind), news=encode(news))
        return "".join(one.reason for one in client.stub.Check(request).failures)
    with pytest.raises(grpc.RpcError) as error:
        if do == "create":
            client.create(kind, news)
        elif do == "delete":
            client.delete(kind, f"shop/{news['metadata']['name']}", {"__inputs": news})
        else:
            request = provider_pb2.UpdateRequest(
                urn=client.urn(kind),
                olds=encode(news),
                news=encode(client.inputs(kind, news)),
                ignoreChanges=row.get("ignore", ()),
            )
            client.stub.Update(request)
    return str(error.value.details())


@of("server")
def test_memory_and_server_refuse_in_the_same_words(backend: Backend, row: dict[str, Any]) -> None:
    api_version, kind = KINDS[row["type"]]
    body = {"apiVersion": api_version, "kind": kind, **inputs(row)}
    annotations = body["metadata"].get("annotations") or {}
    name = row.get("path", body["metadata"].get("name"))
    ref = Ref(api_version, kind, "" if kind == "Namespace" else body["metadata"].get("namespace", ""), name)
    if "path" in row:
        ref = Ref(api_version, kind, "shop", name)
    with pytest.raises(ApiError) as refusal:
        if row["type"].endswith("Patch"):
            backend.apply(ref, body, "m", force=annotations.get("pulumi.com/patchForce") == "true")
        else:
            backend.create(ref, body, CREATOR)
    assert (refusal.value.code, refusal.value.error) == (row["status"], row["error"])
    assert refusal.value.message == row["text"]


def test_the_table_of_fields_is_the_servers_own(server: ApiServerBackend) -> None:
    definitions = server.openapi()
    found = {
        title: one["properties"]
        for name, one in definitions.items()
        if name.startswith(("io.k8s.api.core.v1.", "io.k8s.api.apps.v1.", "io.k8s.api.batch.v1."))
        or name.endswith(("meta.v1.ObjectMeta", "meta.v1.LabelSelector"))
        if (title := name.rpartition(".")[2]) in types()
    }
    assert found.keys() == types().keys()
    for title, table in types().items():
        assert table.keys() == found[title].keys()
        for field, kind in table.items():
            assert fits(kind, found[title][field]), (title, field, kind, found[title][field])


def fits(kind: str, schema: dict[str, Any]) -> bool:
    """Whether a word of the table says what the server's schema does."""
    if kind == "any":
        return schema.get("type") not in ("string", "integer", "boolean", "array")
    if kind.startswith("["):
        return schema["type"] == "array" and (kind == "[any]" or fits(kind[1:-1], schema["items"]))
    if kind.startswith("{"):
        return schema["type"] == "object" and fits(kind[1:-1], schema["additionalProperties"])
    if kind in types():
        return str(schema["$ref"]).endswith(f".{kind}")
    return schema.get("type", "string") == kind


def sentences() -> Iterator[str]:
    """Every text of more than one word in the modules that refuse, as a pattern of what it says."""
    for module in WORDED:
        tree = ast.parse((CODE / f"{module}.py").read_text(encoding="utf-8"))
        skipped: set[ast.AST] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) or (
                isinstance(node, ast.JoinedStr) and not any(map(_text, node.values))
            ):
                if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                    skipped.add(node.value)  # A docstring.
            elif isinstance(node, ast.JoinedStr):
                skipped |= set(node.values)
        for node in ast.walk(tree):
            if node in skipped:
                continue
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            texts = [_text(one) for one in parts]
            whole = "".join(texts)
            if len(whole.split()) > 1 and not re.match(r" ?(SELECT|INSERT|DELETE|ORDER|VALUES|\()", whole):
                yield ".*".join(_pattern(one) for one in texts)


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _pattern(text: str) -> str:
    """The text as a regular expression, `{message}` of a format string as anything."""
    return ".*".join(map(re.escape, re.split(r"\{\w+\}", text)))


def test_every_sentence_of_a_refusal_has_a_row() -> None:
    found = set(sentences())
    texts = [row["text"] for row in ROWS]
    assert {one for one in found if not any(re.search(one, text, re.DOTALL) for text in texts)} == set()
    assert len(found) > 30


def test_every_row_names_the_fact_behind_it() -> None:
    assert [row for row in ROWS if not row.get("facts", "").startswith(("§", "kube-apiserver "))] == []


@pytest.mark.parametrize("key", ["a", "a.b/c", "azure.workload.identity/use", "A_b-c.d", "1"])
def test_good_keys_are_good(key: str) -> None:
    assert names.label_key(key) == ""


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, 'deployments.apps "checkout" is forbidden'),
        (409, "the object has been modified; please apply your changes to the latest version and try again"),
        (418, "the server responded with the status code 418"),
        (503, "the server is currently unable to handle the request"),
    ],
)
def test_a_fault_on_purpose_is_worded_as_by_an_api_server(client: Client, status: int, words: str) -> None:
    before = client.snapshot()
    faults = Faults(client.folder, "run", (Failure(status, 9),))
    with serving(client.folder, faults) as faulty, pytest.raises(grpc.RpcError) as error:
        faulty.create("apps/v1:DeploymentPatch", {"metadata": {"name": "checkout", "namespace": "shop"}})
    assert words in str(error.value.details())
    assert client.snapshot() == before
