"""Defaults and required fields of workloads: the part of the API server's rules that patches can break."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from sandbox.kubernetes.backend import ApiError, Ref
from sandbox.kubernetes.fields import Body

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


def pod_template(ref: Ref, body: Body) -> tuple[str, Body]:
    """Path and value of the pod template; empty where the object has none."""
    spec = _map(body, "spec")
    if ref.kind == "CronJob":
        return "spec.jobTemplate.spec.template", _map(_map(_map(spec, "jobTemplate"), "spec"), "template")
    return "spec.template", _map(spec, "template")


def complete(ref: Ref, body: Body) -> None:
    """Fill in the twin of a pod's service account name, in place: conversion copies either into the other."""
    pod = _map(pod_template(ref, body)[1], "spec")
    name = pod.get("serviceAccountName") or pod.get("serviceAccount")
    if name:
        pod["serviceAccountName"] = pod["serviceAccount"] = name


def check(ref: Ref, body: Body) -> None:
    """Raise ApiError 422 where the object lacks what it must have."""
    if ref.kind not in (*WORKLOADS, "CronJob"):
        return
    wrong = list(_wrong(ref, body))
    if wrong:
        what = wrong[0] if len(wrong) == 1 else f"[{', '.join(wrong)}]"
        message = f'{ref.kind}.{ref.group} "{ref.name}" is invalid: {what}'
        raise ApiError(422, "Invalid", message)


def _wrong(ref: Ref, body: Body) -> Iterator[str]:
    spec = _map(body, "spec")
    where, template = pod_template(ref, body)
    pod = _map(template, "spec")
    if ref.kind == "CronJob":
        if not spec.get("schedule"):
            yield "spec.schedule: Required value"
    else:
        selector = spec.get("selector")
        labels = _map(_map(template, "metadata"), "labels")
        if not selector:
            yield "spec.selector: Required value"
        else:
            wanted = _map(cast(Body, selector), "matchLabels")
            if any(labels.get(key) != value for key, value in wanted.items()):
                shown = json.dumps(labels, sort_keys=True, separators=(",", ":"))
                yield f"{where}.metadata.labels: Invalid value: {shown}: `selector` does not match template `labels`"
    if not pod.get("containers"):
        yield f"{where}.spec.containers: Required value"
    for kind in ("initContainers", "containers"):
        for index, container in enumerate(cast(list[Body], pod.get(kind) or [])):
            place = f"{where}.spec.{kind}[{index}]"
            if not container.get("image"):
                yield f"{place}.image: Required value"
            for number, env in enumerate(cast(list[Body], container.get("env") or [])):
                if env.get("value") and env.get("valueFrom"):
                    yield (
                        f'{place}.env[{number}].valueFrom: Invalid value: "": '
                        "may not be specified when `value` is not empty"
                    )


def _map(body: Body, name: str) -> Body:
    found: Any = body.get(name)
    return cast(Body, found) if isinstance(found, dict) else {}
