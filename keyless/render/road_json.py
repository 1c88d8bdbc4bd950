"""The road off keys as JSON: a versioned interface. Keys are always present, absent values null."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from keyless.doctor.evidence import Evidence
from keyless.doctor.road import AppStand, Mark, ResourceStand

VERSION = 1


def render_road_json(
    environment: str,
    days: int,
    road: Sequence[ResourceStand],
    evidence: Mapping[str, Sequence[Evidence]],
    key_use: Mapping[str, Mark],
) -> str:
    """Every resource with keys, its apps, and what the evidence says; `evidence` and `key_use` by resource."""
    value = {
        "version": VERSION,
        "environment": environment,
        "days": days,
        "resources": [_resource(one, evidence.get(one.resource, ()), key_use[one.resource]) for one in road],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _resource(one: ResourceStand, evidence: Sequence[Evidence], key_use: Mark) -> dict[str, Any]:
    return {
        "resource": one.resource,
        "kind": one.kind,
        "stack": one.stack,
        "keys": one.keys,
        "override": one.override,
        "keys_off_ends": one.ends,
        "ready": asdict(one.ready),
        "key_unused": asdict(key_use),
        "evidence": [_evidence(each) for each in evidence],
        "apps": [_app(app, one) for app in one.apps],
    }


def _evidence(one: Evidence) -> dict[str, Any]:
    return {
        "file": one.file,
        "source": one.source,
        "from": one.start,
        "to": one.end,
        "days": one.days,
        "by_key": one.by_key,
        "by_sas": one.by_sas,
        "otherwise": one.otherwise,
        "key_unused": asdict(one.mark),
    }


def _app(app: AppStand, resource: ResourceStand) -> dict[str, Any]:
    return {
        "app": app.app,
        "stack": app.stack,
        "granted": asdict(app.granted),
        "patched": asdict(app.patched),
        "left_overs_gone": asdict(app.left_overs_gone),
        "proven": asdict(app.proven),
        "keys_forbidden": resource.keys == "forbidden",
        "left_overs": [
            {
                "file": leak.file,
                "line": leak.line,
                "workload": leak.workload,
                "container": leak.container,
                "variable": leak.variable,
                "kind": leak.kind,
                "how": leak.how,
            }
            for leak in app.leaks
        ],
        "unseen": [
            {
                "file": one.file,
                "line": one.line,
                "workload": one.workload,
                "container": one.container,
                "store": one.store,
                "name": one.name,
            }
            for one in app.unseen
        ],
        "unread": [{"workload": one.workload, "why": one.why} for one in app.missing],
    }
