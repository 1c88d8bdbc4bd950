"""Remembers the last write to what takes only one write at a time."""

from collections.abc import Sequence

import pulumi


class Series:
    """Orders writes below one Azure resource, across all apps of a stack.

    Azure answers 409 to a second federated credential of one identity, or a second access policy assignment
    of one cache, while the first is being written. Keys are ARM ids in lower case.
    """

    def __init__(self) -> None:
        self._last: dict[str, pulumi.Resource] = {}

    def before(self, key: str) -> Sequence[pulumi.Resource]:
        """What a new write to `key` has to wait for: the last write, or nothing."""
        return [self._last[key]] if key in self._last else []

    def wrote(self, key: str, resource: pulumi.Resource) -> None:
        """Makes the next write to `key` wait for `resource`."""
        self._last[key] = resource
