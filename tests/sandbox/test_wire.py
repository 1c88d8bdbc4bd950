"""Property bags keep what they mean on their way over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.wire import (
    SECRET_SIGNATURE,
    SIGNATURE_KEY,
    UNKNOWN,
    UNKNOWN_STRING,
    UNKNOWN_STRINGS,
    Output,
    Secret,
    decode,
    encode,
    has_unknown,
    plain,
)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        2**40,
        2.5,
        "",
        "true",
        [],
        {},
        [1, [None, {"a": "b"}]],
        UNKNOWN,
        [UNKNOWN],
        Secret({"password": ["x"]}),
        Secret(UNKNOWN),
        Output("x", secret=True, dependencies=("urn:a", "urn:b")),
        Output(UNKNOWN),
        Output(None),
    ],
)
def test_what_is_encoded_is_decoded(value: Any) -> None:
    assert decode(encode({"it": value})) == {"it": value}


def test_true_and_one_stay_apart() -> None:
    decoded = decode(encode({"bool": True, "number": 1}))
    assert decoded["bool"] is True and decoded["number"] is not True


@pytest.mark.parametrize("text", sorted(UNKNOWN_STRINGS))
def test_unknowns_of_every_type_are_known_as_such(text: str) -> None:
    assert decode(encode({"it": text})) == {"it": UNKNOWN}


def test_the_signatures_are_pulumi_s_own() -> None:
    from pulumi.runtime import rpc

    assert vars(rpc)["UNKNOWN"] == UNKNOWN_STRING
    assert vars(rpc)["_special_sig_key"] == SIGNATURE_KEY
    assert vars(rpc)["_special_secret_sig"] == SECRET_SIGNATURE


def test_plain_takes_the_wrappings_off_at_any_depth() -> None:
    assert plain({"a": [Secret({"b": Output(1)})], "c": UNKNOWN}) == {"a": [{"b": 1}], "c": UNKNOWN}


def test_unknowns_are_found_at_any_depth() -> None:
    assert has_unknown({"a": [Secret({"b": Output(UNKNOWN)})]})
    assert not has_unknown({"a": [Secret({"b": Output(None)})]})


def test_what_the_wire_cannot_carry_is_a_clear_error() -> None:
    with pytest.raises(TypeError, match="a set cannot go over the wire"):
        encode({"it": {1}})
