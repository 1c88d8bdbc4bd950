"""What an API server says with a status that it was told to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.kubernetes.backend import ApiError, Ref

# Source: apimachinery pkg/api/errors (NewConflict, NewForbidden, NewGenericServerResponse).
TOLD: Final[Mapping[int, tuple[str, str]]] = {
    400: ("BadRequest", "the server rejected our request for an unknown reason"),
    401: ("Unauthorized", "the server has asked for the client to provide credentials"),
    403: ("Forbidden", "{0} is forbidden: the server was told to refuse it"),
    404: ("NotFound", "{0} not found"),
    409: (
        "Conflict",
        "Operation cannot be fulfilled on {0}: the object has been modified; please apply your changes to the"
        " latest version and try again",
    ),
    422: ("Invalid", "the server rejected our request due to an error in our request"),
    429: (
        "TooManyRequests",
        "the server has received too many requests and has asked us to try again later",
    ),
    500: ("InternalError", "Internal error occurred: the server was told to fail"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: (
        "Timeout",
        "the server was unable to return a response in the time allotted, but may still be processing the request",
    ),
}


def told_to_fail(ref: Ref, status: int) -> ApiError:
    """What the API server says with this status, when told to fail."""
    bare = f"the server responded with the status code {status} but did not return more information"
    reason, words = TOLD.get(status, ("Unknown", bare))
    return ApiError(status, reason, words.format(f'{ref.plural} "{ref.name}"'))
