"""Which properties the stand-in marks as secret, as provider.go `annotateSecrets` does."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.kubernetes.secrets import annotated
from sandbox.wire import Secret


@pytest.mark.parametrize(
    ("outs", "ins", "expected"),
    [
        ({"a": 1}, {"a": 1}, {"a": 1}),
        ({"a": 1}, {"a": Secret(2)}, {"a": Secret(1)}),
        ({"a": Secret(1)}, {"a": Secret(2)}, {"a": Secret(1)}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": Secret(0)}}, {"a": {"b": Secret(1), "c": 2}}),
        # Of lists it looks whether they hold a secret, and then hides all.
        ({"a": [1, 2]}, {"a": [{"b": Secret(0)}]}, {"a": Secret([1, 2])}),
        ({"a": 1}, {"b": Secret(0)}, {"a": 1}),
    ],
)
def test_what_is_secret_in_the_inputs_is_so_in_the_outputs(
    outs: dict[str, Any], ins: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert annotated(outs, ins) == expected
