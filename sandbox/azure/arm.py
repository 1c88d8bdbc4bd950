"""ARM: GET, PUT and DELETE against the store, as strict as the services, inside the provider's retries."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sandbox import store
from sandbox.azure import callers, ids
from sandbox.azure.cloud import Body, Cloud
from sandbox.azure.rules.base import check_locks, check_parent, check_place
from sandbox.azure.schema import ResourceType
from sandbox.faults import Faults
from sandbox.plugin import Refusal

Result = TypeVar("Result")

# azcore's defaults, which azure-native keeps: pulumi-azure-native provider/pkg/azure/client_azcore.go.
RETRIED_STATUS = frozenset({408, 429, 500, 502, 503, 504})
RETRIED_CONFLICT = "AnotherOperationInProgress"
RETRIES = 3
# The provider waits 20, 60, 120 seconds, or as long as Retry-After says; here every wait is at most this.
MAX_WAIT_SECONDS = 0.05
# How long a write that excludes others takes: long enough for two that really overlap to meet.
WRITE_SECONDS = 0.02
# A writer that died no longer holds its turn after this time.
TURN_SECONDS = 1.0
ERRORS = {
    401: ("InvalidAuthenticationToken", "The access token is invalid."),
    403: (
        "AuthorizationFailed",
        "The client does not have authorization to perform the action over the scope.",
    ),
    404: ("ResourceNotFound", "The resource was not found."),
    408: ("RequestTimeout", "The request timed out."),
    429: ("TooManyRequests", "The request is being throttled."),
    500: ("InternalServerError", "The server encountered an internal error. Please retry the request."),
    502: ("BadGateway", "The gateway got no answer."),
    503: ("ServiceUnavailable", "The service is unavailable."),
    504: ("GatewayTimeout", "The gateway did not get an answer in time."),
}


class Existing(Refusal):
    """The provider's own refusal to create what is already there; not an answer of ARM's."""

    def __str__(self) -> str:
        return f"cannot create already existing resource '{self.message}'"


class Arm:
    """One provider process's way to the cloud of its sandbox.

    `caller` is the client id of the identity that asks; None is an owner who may do all.
    """

    def __init__(self, folder: Path, faults: Faults, caller: str | None = None) -> None:
        self.folder = folder
        self.faults = faults
        self.caller = caller
        self._threads = threading.local()

    def get(self, arm_id: str) -> Body | None:
        """What a GET answers, or None for 404. Raises Refusal where the caller may not read it."""
        cloud = Cloud(self._connection())
        callers.check_read(cloud, self.caller, arm_id)
        return cloud.get(arm_id)

    def principal_of(self, client_id: str) -> str:
        """The principal id of an identity. Raises Refusal where there is none of this client id."""
        return callers.principal_of(Cloud(self._connection()), client_id)

    def put(self, kind: ResourceType, arm_id: str, body: Body, create: bool) -> Body:
        """Write a whole resource and return what a GET then answers. Raises Refusal."""

        def attempt() -> Body:
            with self._turn(kind, arm_id), self._transaction() as cloud:
                existing = cloud.get(arm_id)
                if create:
                    # The provider looks first whether it would take over what exists.
                    callers.check_read(cloud, self.caller, arm_id)
                if existing and create:
                    raise Existing(409, "AlreadyExists", existing["id"])
                named = {**body, "type": kind.arm_type}
                callers.check_write(cloud, self.caller, arm_id, named, existing)
                return _write(cloud, kind, arm_id, body, existing)

        return self._change(kind, attempt)

    def delete(self, kind: ResourceType, arm_id: str) -> None:
        """Remove a resource; one that is gone already is fine. Raises Refusal."""

        def attempt() -> None:
            with self._turn(kind, arm_id), self._transaction() as cloud:
                existing = cloud.get(arm_id)
                callers.check_delete(cloud, self.caller, arm_id, existing)
                if existing is None:
                    return
                if kind.rules.locked:
                    check_locks(cloud, existing["id"], "delete")
                kind.rules.check_delete(cloud, existing["id"])
                cloud.delete(arm_id)

        self._change(kind, attempt)

    def _change(self, kind: ResourceType, attempt: Callable[[], Result]) -> Result:
        """Try as azcore's pipeline does: throttling and server errors again, all else goes to the caller."""
        retries = 0
        while True:
            try:
                if status := self.faults.before(kind.token):
                    raise fault(kind, status)
                result = attempt()
            except Refusal as refusal:
                again = refusal.code in RETRIED_STATUS or refusal.error == RETRIED_CONFLICT
                if not again or retries == RETRIES:
                    raise
                retries += 1
                time.sleep(min(refusal.retry_after or 1, MAX_WAIT_SECONDS))
            else:
                self.faults.made()
                return result

    @contextmanager
    def _turn(self, kind: ResourceType, arm_id: str) -> Iterator[None]:
        """Hold the exclusive turn of a write below one resource, for the types that need it."""
        holder = kind.rules.in_turn(arm_id)
        if holder is None:
            yield
            return
        key = ids.key(holder)
        with self._transaction() as cloud:
            now = time.time()
            hold = max(WRITE_SECONDS, self.faults.delay)
            row = cloud.connection.execute("SELECT until FROM busy WHERE key = ?", (key,)).fetchone()
            if row and row[0] > now:
                raise kind.rules.overlap(holder)
            query = "INSERT OR REPLACE INTO busy (key, until) VALUES (?, ?)"
            cloud.connection.execute(query, (key, now + hold + TURN_SECONDS))
        try:
            time.sleep(hold)
            yield
        finally:
            self._connection().execute("DELETE FROM busy WHERE key = ?", (key,))

    @contextmanager
    def _transaction(self) -> Iterator[Cloud]:
        with store.transaction(self._connection()) as connection:
            yield Cloud(connection)

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if found is None:
            found = self._threads.connection = store.connect(self.folder)
        return found


def _write(cloud: Cloud, kind: ResourceType, arm_id: str, body: Body, existing: Body | None) -> Body:
    check_place(cloud, arm_id)
    check_parent(cloud, arm_id)
    if kind.rules.locked:
        check_locks(cloud, arm_id, "write")
    # Whole-body PUT: what the request lacks is gone, whatever stood there before.
    answer: Body = {
        **body,
        "id": existing["id"] if existing else arm_id,
        "name": existing["name"] if existing else ids.name(arm_id),
        "type": kind.arm_type,
    }
    answer.setdefault("properties", {})
    kind.rules.check(cloud, answer["id"], answer, existing)
    kind.rules.complete(cloud, answer["id"], answer, existing)
    cloud.put(answer)
    return answer


def fault(kind: ResourceType, status: int) -> Refusal:
    """What the service would say with this status, when told to fail."""
    if status == 409:
        error, message = kind.rules.conflict()
    elif status == 400:
        error, message = kind.rules.refuse_request()
    else:
        error, message = ERRORS.get(status, ("UnknownError", "The request failed."))
    return Refusal(status, error, message, retry_after=5 if status == 429 else None)
