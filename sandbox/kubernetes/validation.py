"""What the API server requires of an object and of the request: the part of its rules that patches can break."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from sandbox.kubernetes import names
from sandbox.kubernetes.backend import PLURALS, ApiError, Ref
from sandbox.kubernetes.fields import Body

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")


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


def check_path(ref: Ref, body: Body) -> None:
    """Raise ApiError 400 where the body is not the object that the request's path names."""
    version, kind, metadata = str(body.get("apiVersion", "")), body.get("kind", ""), _map(body, "metadata")
    if (version, kind) != (ref.api_version, ref.kind):
        group, _, word = version.rpartition("/")
        raise ApiError(400, "BadRequest", f"invalid object type: {group}/{word}, Kind={kind}")
    if metadata.get("namespace") not in (None, "", ref.namespace):
        message = "the namespace of the provided object does not match the namespace sent on the request"
        raise ApiError(400, "BadRequest", message)
    if not metadata.get("name"):
        message = (
            f"the name of the object ({ref.name} based on URL) was undeterminable: name must be provided"
        )
        raise ApiError(400, "BadRequest", message)
    if metadata["name"] != ref.name:
        message = (
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({ref.name})"
        )
        raise ApiError(400, "BadRequest", message)


def check(ref: Ref, body: Body) -> None:
    """Raise ApiError 422 where the object lacks what it must have, or names something as nothing may be named."""
    if ref.group_kind not in PLURALS:
        return
    wrong = list(_metadata(ref, body))
    if ref.kind in (*WORKLOADS, "CronJob"):
        wrong += _workload(ref, body)
    if wrong:
        what = wrong[0] if len(wrong) == 1 else f"[{', '.join(wrong)}]"
        kind = f"{ref.kind}.{ref.group}" if ref.group else ref.kind
        raise ApiError(422, "Invalid", f'{kind} "{ref.name}" is invalid: {what}')


def _metadata(ref: Ref, body: Body) -> Iterator[str]:
    metadata = _map(body, "metadata")
    name_wrong = (names.dns_label if ref.kind == "Namespace" else names.subdomain)(ref.name)
    if name_wrong:
        yield _invalid("metadata.name", ref.name, name_wrong)
    yield from _labels("metadata.labels", _map(metadata, "labels"))
    for key in _map(metadata, "annotations"):
        if wrong := names.label_key(key.lower()):
            yield _invalid("metadata.annotations", key, wrong)


def _labels(path: str, labels: Body) -> Iterator[str]:
    for key, value in labels.items():
        if wrong := names.label_key(key):
            yield _invalid(path, key, wrong)
        if wrong := names.label_value(value or ""):
            yield _invalid(path, value, wrong)


def _workload(ref: Ref, body: Body) -> Iterator[str]:
    spec = _map(body, "spec")
    where, template = pod_template(ref, body)
    labels = _map(_map(template, "metadata"), "labels")
    if ref.kind != "CronJob":
        selector = spec.get("selector")
        if not selector:
            yield "spec.selector: Required value"
        wanted = _map(_map(spec, "selector"), "matchLabels")
        if not selector or any(labels.get(key) != value for key, value in wanted.items()):
            shown = json.dumps(labels or None, sort_keys=True, separators=(",", ":"))
            yield f"{where}.metadata.labels: Invalid value: {shown}: `selector` does not match template `labels`"
    yield from _labels(f"{where}.labels", labels)
    yield from _pod(ref, f"{where}.spec", _map(template, "spec"))
    if ref.kind == "CronJob" and not spec.get("schedule"):
        yield "spec.schedule: Required value"


def _pod(ref: Ref, where: str, pod: Body) -> Iterator[str]:
    if not pod.get("containers"):
        yield f"{where}.containers: Required value"
    for kind in ("initContainers", "containers"):
        for index, container in enumerate(cast(list[Body], pod.get(kind) or [])):
            yield from _container(f"{where}.{kind}[{index}]", container)
    if ref.kind == "CronJob" and not pod.get("restartPolicy"):
        yield f'{where}.restartPolicy: Required value: valid values: "OnFailure", "Never"'
    account = pod.get("serviceAccountName")
    if account and (wrong := names.subdomain(account)):
        yield _invalid(f"{where}.serviceAccountName", account, wrong)


def _container(place: str, container: Body) -> Iterator[str]:
    for field in ("name", "image"):
        if not container.get(field):
            yield f"{place}.{field}: Required value"
    for number, env in enumerate(cast(list[Body], container.get("env") or [])):
        name = f"{place}.env[{number}].name"
        if not env.get("name"):
            yield f"{name}: Required value"
        elif wrong := names.variable(env["name"]):
            yield _invalid(name, env["name"], wrong)
        source = env.get("valueFrom")
        if source is None:
            continue
        if not any(source.get(one) for one in SOURCES):
            told = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
            yield _invalid(f"{place}.env[{number}].valueFrom", "", told)
        elif env.get("value"):
            told = "may not be specified when `value` is not empty"
            yield _invalid(f"{place}.env[{number}].valueFrom", "", told)


def _invalid(path: str, value: str, problem: str) -> str:
    return f"{path}: Invalid value: {json.dumps(value, ensure_ascii=False)}: {problem}"


def _map(body: Body, name: str) -> Body:
    found: Any = body.get(name)
    return cast(Body, found) if isinstance(found, dict) else {}
