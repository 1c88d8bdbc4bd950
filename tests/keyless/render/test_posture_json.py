"""Postures in JSON: the same keys in every posture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from keyless.render.plan_json import render_plan_json
from tests.keyless.doors import KINDS, guarded

POSTURE = {
    "resource", "kind", "id", "stack", "network", "keys", "keyed", "management", "owner", "override", "locked", "cuts_off",
}  # fmt: skip
PATCH = {"stack", "resource", "name", "patches", "children", "proofs", "dns_timeout", "opens"}


def value_of(tmp_path: Path, kind: str, **posture: Any) -> Any:
    """The JSON of one resource in a posture."""
    return json.loads(render_plan_json(guarded(tmp_path, kind, posture)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("network", ["public", "private"])
def test_keys_are_always_present(kind: str, network: str, tmp_path: Path) -> None:
    value = value_of(tmp_path, kind, network=network, keys="allowed", management="patched")
    (posture,) = value["shared"]["postures"]
    (patch,) = value["shared"]["posture_patches"]
    assert set(posture) == POSTURE
    assert set(patch) == PATCH
    assert patch["opens"] == (network == "public")
    for one in patch["patches"]:
        assert set(one) == {"id", "api_version", "values", "rules", "requires"}
    assert {frozenset(one) for one in value["policies"]} == {
        frozenset({"kinds", "subject", "name", "definition", "flags"})
    }


def test_a_value_keeps_its_type(tmp_path: Path) -> None:
    value = value_of(tmp_path, "openai", network="public", keys="forbidden", management="patched")
    (patch,) = value["shared"]["posture_patches"]
    assert patch["patches"][0]["values"] == {
        "disableLocalAuth": True,
        "networkAcls.defaultAction": "Allow",
        "publicNetworkAccess": "Enabled",
    }
