"""The dynamic provider as a state keeps it: a reference to a class, nothing of the class's body, and no secret."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic.dynamic import serialize_provider

from components.arm.provider import PostureProvider
from tests.components.arm.conftest import CACHE, STORAGE, Serve
from tests.support.places import ROOT

SERIALIZE = """
from pulumi.dynamic.dynamic import serialize_provider
from components.arm.provider import PostureProvider
print(serialize_provider(PostureProvider()))
"""
CHILD = f"{CACHE}/firewallRules/keyless"


def inputs(**changes: Any) -> dict[str, Any]:
    rules = [{"path": "networkAcls.ipRules", "key": "value", "entries": [{"value": "20.0.0.10"}]}]
    patch = {
        "id": STORAGE,
        "apiVersion": "2025-08-01",
        "values": {"networkAcls.defaultAction": "Deny"},
        "rules": rules,
    }
    child = {
        "id": CHILD,
        "apiVersion": "2024-11-01",
        "properties": {"startIP": "20.1.1.1", "endIP": "20.1.1.1"},
    }
    made = {
        "resource": "orders",
        "cloud": "public",
        "patches": [patch],
        "children": [child],
        "proofs": [],
        "opens": False,
    }
    return {**made, "dnsTimeout": 1, **changes}


def test_the_module_path_and_the_class_are_a_contract():
    # Every state holds these two names: keep them importable, whatever moves.
    kept = base64.b64decode(serialize_provider(PostureProvider()))
    assert b"components.arm.provider" in kept
    assert b"PostureProvider" in kept
    assert len(kept) < 200, "a reference, not the code"
    assert PostureProvider.serialize_as_secret_always is False


def test_an_edit_of_the_body_changes_nothing_that_a_state_keeps(tmp_path: Path):
    shutil.copytree(ROOT / "components", tmp_path / "components")

    def serialized() -> str:
        command = [sys.executable, "-c", SERIALIZE]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    before = serialized()
    source = tmp_path / "components" / "arm" / "provider.py"
    text = source.read_text()
    edited = text.replace("        wanted = parse(news)\n", "        print()\n        wanted = parse(news)\n")
    assert edited != text
    source.write_text(edited)
    assert serialized() == before


def test_check_notes_what_stood_there_and_asks_nothing_when_no_rule_is_new(serve: Serve):
    web, _ = serve()
    web.add_address("20.0.0.10")
    web.put(CHILD, {"startIP": "20.1.1.1", "endIP": "20.1.1.1"})
    checked = PostureProvider().check({}, inputs()).inputs
    assert checked["found"] == {
        "rules": {STORAGE.lower(): {"networkAcls.ipRules": ["20.0.0.10"]}},
        "children": [CHILD.lower()],
    }
    asked = len(web.requests)
    assert PostureProvider().check(checked, inputs()).inputs["found"] == checked["found"]
    assert len(web.requests) == asked


def test_a_check_of_what_is_not_there_is_a_failure_that_names_it(serve: Serve):
    serve()
    gone = inputs()
    gone["patches"][0]["id"] = STORAGE.replace("storders", "stgone")
    (failure,) = PostureProvider().check({}, gone).failures
    assert "storageAccounts/stgone" in failure.reason


def test_a_crash_before_the_first_record_leaves_what_was_written_to_us(serve: Serve):
    web, _ = serve()
    provider = PostureProvider()
    checked = provider.check({}, inputs()).inputs
    provider.create(checked)
    # The state knows the inputs alone, as recovery takes a pending creation in.
    mended = provider.read("orders", checked).outs
    assert mended is not None
    assert mended["added"]["rules"] == {STORAGE.lower(): {"networkAcls.ipRules": ["20.0.0.10"]}}
    provider.delete("orders", mended)
    assert web.addresses() == ["20.9.9.9"]


def test_the_outputs_are_the_inputs_and_what_is_ours_and_nothing_of_an_answer(serve: Serve):
    serve()
    provider = PostureProvider()
    off = {"id": CACHE, "apiVersion": "2024-11-01", "values": {"disableAccessKeyAuthentication": True}}
    props = provider.check({}, inputs(patches=[off], accessKeys="MARKED")).inputs
    created = provider.create(props)
    assert created.id == "orders"
    read = provider.read("orders", created.outs or {}).outs
    updated = provider.update("orders", created.outs or {}, props).outs
    for outs in (created.outs, read, updated):
        assert set(outs or {}) == {
            "resource", "cloud", "patches", "children", "proofs", "dnsTimeout", "opens", "found", "added", "drift",
        }  # fmt: skip
        assert "MARKED" not in str(outs)


def test_the_trace_of_an_error_holds_no_cause_that_could_hold_an_answer(serve: Serve):
    web, _ = serve()
    web.put(f"{STORAGE}/providers/Microsoft.Authorization/locks/keep", {"level": "ReadOnly"})
    with pytest.raises(Exception, match="ScopeLocked") as raised:
        PostureProvider().create(inputs())
    assert type(raised.value).__name__ == "PostureFailed"
    assert raised.value.__context__ is None
    assert raised.value.__cause__ is None
