"""GET, PATCH, PUT and DELETE of ARM resources. Nothing of an answer leaves but the properties that a caller names.

An answer to a write of Azure Cache for Redis carries access keys, so no write gives back any of its body, and no raw answer is
logged, kept or put into an error.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.rest import HttpRequest

from components.arm.errors import ArmError, Busy, NotFound, operation_failed, refused
from components.arm.transport import Connection

# How an update, and an operation, ends: while `provisioningState` says another word, the next write would be refused.
SETTLED = frozenset({"succeeded", "failed", "canceled"})
STATES = ("provisioningState", "resourceState")
# The same of `resourceState`, of which any other word is an end, good or bad (facts-doors §1.2).
MOVING = frozenset({"creating", "updating", "enabling", "disabling", "scaling", "deleting", "moving"})
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 15.0

Properties = dict[str, Any]


class Pauses:
    """Waits that grow, until `seconds` in all have passed."""

    def __init__(self, seconds: float, sleep: Callable[[float], None], clock: Callable[[], float]) -> None:
        self._sleep = sleep
        self._clock = clock
        self._seconds = seconds
        self._end = clock() + seconds
        self._next = FIRST_PAUSE

    def wait(self, at_least: float | None = None) -> bool:
        """Wait once, as long as ARM asked for where it did; False, at once, when the time is over."""
        left = self._end - self._clock()
        if left <= 0:
            return False
        self._sleep(min(left, max(at_least or 0, self._next)))
        self._next = min(self._next * 1.6, LONGEST_PAUSE)
        return True

    def outwait(self, busy: Busy) -> None:
        """Wait once for what is busy. Raises ArmError when the time is over."""
        if not self.wait(busy.retry_after):
            raise ArmError(f"{busy}; gave up after {self._seconds:.0f} s") from None


class Client:
    """ARM through one connection; `sleep` and `clock` are the tests' to replace."""

    def __init__(
        self,
        connection: Connection,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self.sleep = sleep
        self.clock = clock

    def pauses(self, seconds: float) -> Pauses:
        """Waits of at most `seconds` in all."""
        return Pauses(seconds, self.sleep, self.clock)

    def get(self, resource: str, version: str, names: Iterable[str]) -> Properties:
        """The named members of a resource's `properties`; those that it lacks are left out. Raises NotFound."""
        return _named(self._send("GET", resource, version).body, names)

    def members(self, collection: str, version: str, names: Iterable[str]) -> list[Properties]:
        """The same of every member of a collection, such as an endpoint's zone groups. Raises NotFound."""
        wanted = tuple(names)
        body = self._send("GET", collection, version).body
        return [_named(one, wanted) for one in (body or {}).get("value") or ()]

    def ids(self, collection: str, version: str) -> list[str]:
        """The ids of a collection's members. Raises NotFound."""
        body = self._send("GET", collection, version).body
        return [str(one["id"]) for one in (body or {}).get("value") or ()]

    def settled(self, resource: str, version: str, names: Iterable[str], seconds: float) -> Properties:
        """As `get`, once no update is under way. Raises Busy where one still is after `seconds`."""
        wanted = tuple(names)
        pauses = self.pauses(seconds)
        while True:
            body = self._send("GET", resource, version).body
            states = _named(body, STATES)
            moving = [f"{name} {value}" for name, value in states.items() if _is_moving(name, value)]
            if not moving:
                return _named(body, wanted)
            if not pauses.wait():
                raise Busy(
                    f"{resource} is in the middle of another update ({', '.join(moving)}) for {seconds:.0f} s"
                )

    def write(
        self, method: str, resource: str, version: str, body: Mapping[str, Any] | None, seconds: float
    ) -> None:
        """PATCH, PUT or DELETE, waiting up to `seconds` for the end of a long-running one.

        Raises Busy where it is worth another try that begins with a read; a DELETE of what is gone is fine.
        """
        try:
            answer = self._send(method, resource, version, body)
        except NotFound:
            if method == "DELETE":
                return
            raise
        if answer.status == 202 or answer.operation:
            self._follow(method, resource, answer, seconds)

    def _follow(self, method: str, resource: str, answer: _Answer, seconds: float) -> None:
        url, is_status = answer.operation or answer.location, bool(answer.operation)
        if url is None:
            return  # Nothing to ask: the state of the resource tells when it is done.
        if not self._connection.leads_here(url):
            raise ArmError(
                f"ARM's answer to {method} {resource} leads to another host, which is not followed"
            )
        pauses = self.pauses(seconds)
        while pauses.wait(answer.retry_after):
            try:
                answer = self._request("GET", url, resource, None)
            except NotFound:
                return  # An operation that is done is forgotten after a while.
            told = (answer.body or {}).get("status") if is_status else None
            if is_status and str(told).lower() in SETTLED:
                if str(told).lower() != "succeeded":
                    raise operation_failed(method, resource, answer.body)
                return
            if not is_status and answer.status != 202:
                return
        raise ArmError(f"ARM accepted to {method} {resource}, but was not done after {seconds:.0f} s")

    def _send(
        self, method: str, resource: str, version: str, body: Mapping[str, Any] | None = None
    ) -> _Answer:
        url = f"{self._connection.url}{resource}?api-version={version}"
        return self._request(method, url, resource, body)

    def _request(self, method: str, url: str, resource: str, body: Mapping[str, Any] | None) -> _Answer:
        request = HttpRequest(method, url, json=body) if body is not None else HttpRequest(method, url)
        options = {} if method == "GET" else {"retry_total": 0}
        try:
            response = self._connection.pipeline.run(request, **options).http_response
            answer = _Answer(response)
        except ClientAuthenticationError as error:
            first = str(error).partition("\n")[0]
            raise ArmError(f"nobody is signed in to Azure, or the sign-in has run out: {first}") from None
        except AzureError as error:
            # What was sent may have arrived: only a read can tell.
            raise Busy(f"no answer to {method} {resource}: {type(error).__name__}") from None
        if answer.status >= 400:
            raise refused(method, resource, answer.status, answer.body, answer.retry_after)
        return answer


class _Answer:
    """Status, headers that matter, and the JSON body; stays within the client."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        self.operation: str | None = response.headers.get("Azure-AsyncOperation")
        self.location: str | None = response.headers.get("Location")
        self.retry_after = _seconds(response.headers.get("Retry-After"))
        try:
            found = json.loads(response.text())
        except ValueError:
            found = None
        self.body: dict[str, Any] | None = found if isinstance(found, dict) else None


def _named(body: Any, names: Iterable[str]) -> Properties:
    own = (body or {}).get("properties") if isinstance(body, dict) else None
    return {name: own[name] for name in names if name in own} if isinstance(own, dict) else {}


def _is_moving(name: str, value: object) -> bool:
    if value is None:
        return False  # The type does not tell.
    state = str(value).lower()
    return state in MOVING if name == "resourceState" else state not in SETTLED


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None  # A date, which ARM does not send; the growing pauses do.
