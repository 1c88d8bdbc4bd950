"""ARM over HTTP on the store: GET, PATCH, PUT and DELETE, as strict as the services (facts-doors §1, §2)."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sandbox import store
from sandbox.azure import callers, ids
from sandbox.azure.arm import ERRORS
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.http import operations, policies, views
from sandbox.azure.http.kinds import KINDS, READ_ONLY, Kind
from sandbox.azure.rules.base import check_locks, check_parent, check_place, not_found
from sandbox.faults import Faults
from sandbox.plugin import Refusal

# How long a long-running write takes.
UPDATING_SECONDS = 0.3
RETRY_AFTER_SECONDS = 1
TOKENS = {"PATCH": "arm:http:ArmPatch", "PUT": "arm:http:ArmPut", "DELETE": "arm:http:ArmDelete"}
# Lists below a resource, worked out when asked for.
LISTS = ("privateendpointconnections", "privatelinkresources", "privatednszonegroups", "firewallrules")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
OPERATION = re.compile(
    r"/subscriptions/[^/]+/providers/[^/]+/locations/[^/]+/operation(?P<what>statuses|results)/(?P<id>[^/]+)",
    re.IGNORECASE,
)
# What an operation's status is called besides InProgress, told to happen by the fault `202:N:ArmPatch`.
FAILED = "Failed"
FAULTY_OPERATION = 202


@dataclass(frozen=True)
class Request:
    """One request: `path` as sent, `version` the api-version, `caller` the client id of the token or empty."""

    method: str
    path: str
    version: str | None
    caller: str
    origin: str
    body: Any = None


@dataclass(frozen=True)
class Answer:
    """Status, JSON body (None for no content) and headers."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class HttpArm:
    """The cloud of one sandbox, by HTTP requests."""

    def __init__(self, folder: Path, faults: Faults, seconds: float = UPDATING_SECONDS) -> None:
        self.folder = folder
        self.faults = faults
        self.seconds = seconds

    def answer(self, request: Request) -> Answer:
        """What ARM answers. Raises Refusal."""
        if match := OPERATION.fullmatch(request.path):
            return self._operation(request, match["what"].lower(), match["id"])
        *_, last = request.path.rstrip("/").split("/")
        if request.method == "GET" and last.lower() in LISTS:
            return self._list(request, last.lower())
        check_version(request.path, request.version)
        if request.method == "GET":
            return self._get(request)
        kind = KINDS.get(ids.arm_type(request.path).lower())
        if kind is None or request.method not in TOKENS:
            raise Refusal(
                405,
                "MethodNotAllowed",
                f"The stand-in takes no {request.method} of {ids.arm_type(request.path)}.",
            )
        status = self.faults.before(TOKENS[request.method])
        if status is not None and status != FAULTY_OPERATION:
            raise fault(kind, status)
        if request.method == "DELETE":
            return self._delete(request)
        return self._write(request, kind, FAILED if status == FAULTY_OPERATION else "Succeeded")

    def _get(self, request: Request) -> Answer:
        with self._cloud() as cloud:
            callers.check_read(cloud, request.caller, request.path)
            body = cloud.get(request.path)
            if body is None:
                raise not_found(request.path)
            return Answer(200, shown(cloud, body, request.version))

    def _list(self, request: Request, name: str) -> Answer:
        owner = request.path.rstrip("/").rpartition("/")[0]
        check_version(owner, request.version)
        with self._cloud() as cloud:
            listing = request.path.rstrip("/").rpartition("/")[2]
            callers.check_action(cloud, request.caller, f"{ids.arm_type(owner)}/{listing}/read", owner)
            body = cloud.get(owner)
            if body is None:
                raise not_found(owner)
            if name == "privateendpointconnections":
                found = list(views.connections_to(cloud, body["id"]))
            elif name == "privatelinkresources":
                found = list(views.link_resources(body))
            else:
                found = list(cloud.below(request.path))
        return Answer(200, {"value": found})

    def _operation(self, request: Request, what: str, operation_id: str) -> Answer:
        with self._cloud() as cloud:
            operation = operations.find(cloud, operation_id)
        if operation is None:
            raise Refusal(404, "OperationNotFound", f"The operation '{operation_id}' was not found.")
        if what == "results":
            if operation.status == "InProgress":
                where = f"{request.origin}{request.path}?api-version={request.version}"
                return Answer(202, None, {"Location": where, "Retry-After": self._retry_after()})
            if operation.status == FAILED:
                raise Refusal(400, "OperationFailed", "The update could not be completed.")
            return Answer(204)
        told: Body = {"id": request.path, "name": operation_id, "status": operation.status}
        if operation.status == FAILED:
            told["error"] = {"code": "OperationFailed", "message": "The update could not be completed."}
        return Answer(200, told, {"Retry-After": self._retry_after()})

    def _write(self, request: Request, kind: Kind, status: str) -> Answer:
        sent = content(request.body)
        with self._cloud() as cloud, store.transaction(cloud.connection):
            before = cloud.get(request.path)
            callers.check_write(cloud, request.caller, request.path, sent, before)
            check_place(cloud, request.path)
            check_parent(cloud, request.path)
            if before is None and request.method == "PATCH":
                raise not_found(request.path)
            arm_id = before["id"] if before else request.path
            check_locks(cloud, arm_id, "write")
            operations.check_busy(cloud, kind, arm_id)
            after = merged(before, sent) if before and request.method == "PATCH" else copy.deepcopy(sent)
            after.setdefault("properties", {})
            after.update(id=arm_id, name=before["name"] if before else ids.name(arm_id), type=kind.type)
            kind.check(cloud, arm_id, properties(sent), after, before)
            kind.keep(after, before)
            policies.apply(cloud, arm_id, after)
            if status != FAILED:
                cloud.put(after)
            answered = kind.answer(arm_id, shown(cloud, after, request.version))
            if not kind.long_running:
                answer = Answer(200 if before else 201, answered)
            else:
                operation = operations.begin(cloud, arm_id, before, self.seconds, status)
                answered["properties"]["provisioningState"] = "Updating"
                answer = Answer(202, answered, self._leads_to(request, kind, operation.id))
        self.faults.made()
        return answer

    def _delete(self, request: Request) -> Answer:
        with self._cloud() as cloud, store.transaction(cloud.connection):
            before = cloud.get(request.path)
            callers.check_delete(cloud, request.caller, request.path, before)
            if before is None:
                return Answer(204)
            check_locks(cloud, before["id"], "delete")
            operations.check_busy(cloud, KINDS[ids.arm_type(request.path).lower()], before["id"])
            cloud.delete(before["id"])
        self.faults.made()
        return Answer(200)

    def _leads_to(self, request: Request, kind: Kind, operation_id: str) -> dict[str, str]:
        provider = kind.type.partition("/")[0]
        place = f"{ids.subscription(request.path)}/providers/{provider}/locations/koreacentral"
        words = {"Azure-AsyncOperation": "operationStatuses", "Location": "operationResults"}
        return {
            "Retry-After": self._retry_after(),
            **{
                name: f"{request.origin}{place}/{words[name]}/{operation_id}?api-version={request.version}"
                for name in kind.asynchronous
            },
        }

    def _retry_after(self) -> str:
        return str(int(self.seconds))

    @contextmanager
    def _cloud(self) -> Iterator[Cloud]:
        with closing(store.connect(self.folder)) as connection:
            yield Cloud(connection)


def check_version(arm_id: str, version: str | None) -> None:
    """Refuse a request without an api-version, or with one that the type does not know."""
    if version is None:
        raise Refusal(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if not DATE.fullmatch(version):
        raise Refusal(400, "InvalidApiVersionParameter", f"The api-version '{version}' is invalid.")
    arm_type = ids.arm_type(arm_id)
    kind = KINDS.get(arm_type.lower())
    known = kind.versions if kind else READ_ONLY.get(arm_type.lower())
    if known is not None and version not in known:
        raise Refusal(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for API version '{version}' for type '{arm_type}'."
            f" The supported api-versions are '{', '.join(known)}'.",
        )


def content(body: Any) -> Body:
    """The body of a write. Raises Refusal where it is no object with an object `properties`."""
    if not isinstance(body, dict) or not isinstance(body.get("properties", {}), dict):
        raise Refusal(
            400, "InvalidRequestContent", "The request content was invalid and could not be deserialized."
        )
    return copy.deepcopy(body)


def merged(before: Body, sent: Body) -> Body:
    """PATCH: what is not named stays; a property that is named is replaced whole, with all that is in it."""
    result = {**copy.deepcopy(before), **sent}
    result["properties"] = {**copy.deepcopy(properties(before)), **properties(sent)}
    return result


def shown(cloud: Cloud, body: Body, version: str | None) -> Body:
    """A stored body as a GET with this api-version answers it."""
    kind = KINDS.get(str(body["type"]).lower())
    if kind is None:
        return body
    earlier = operations.under_way(cloud, body["id"])
    result = copy.deepcopy(earlier or body)
    own = result.setdefault("properties", {})
    for name, value in kind.defaults.items():
        own[name] = "Updating" if earlier else own.get(name, value)
    for path, since in kind.recent.items():
        if (version or "") < since:
            forget(own, path.split("."))
    if kind.type.lower() in views.LINKS:
        own["privateEndpointConnections"] = list(views.connections_to(cloud, body["id"]))
    return result


def forget(body: Any, path: list[str]) -> None:
    """Take a member out, where there is one."""
    for word in path[:-1]:
        body = body.get(word) if isinstance(body, dict) else None
    if isinstance(body, dict):
        body.pop(path[-1], None)


def fault(kind: Kind, status: int) -> Refusal:
    """What the service would say with this status, when told to fail."""
    if status == 409:
        return Refusal(409, kind.busy, "The resource is busy with another update.")
    error, message = ERRORS.get(status, ("UnknownError", "The request failed."))
    return Refusal(status, error, message, retry_after=RETRY_AFTER_SECONDS if status == 429 else None)


def error_body(refusal: Refusal) -> Body:
    """ARM's error envelope; a policy names itself beside the message."""
    error: Body = {"code": refusal.error, "message": refusal.message}
    if isinstance(refusal, policies.Disallowed):
        error["additionalInfo"] = [{"type": "PolicyViolation", "info": refusal.info}]
    return {"error": error}


def encode(body: Any) -> bytes:
    """JSON, as it is sent."""
    return json.dumps(body).encode()
