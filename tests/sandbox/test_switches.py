"""Fault switches that could do nothing, or nothing sensible, are refused before anything runs."""

from __future__ import annotations

import json
import math

import click
import pytest

from sandbox.faults import Failure
from sandbox.switches import faults, known_types


@pytest.mark.parametrize(
    ("fail", "said"),
    [
        ("many", "write CODE:N or CODE:N:TYPE"),
        ("200:1", "200 is no error of HTTP; write one from 400 to 599"),
        ("999:1", "999 is no error of HTTP"),
        ("409:0", "no operation would fail"),
        ("409:2:Typo", "no operation is on a type Typo; write one of: AccessPolicyAssignment"),
        ("409:2:RoleAsignment", "did you mean RoleAssignment?"),
        ("409:2:deploymentpach", "did you mean DeploymentPatch?"),
        (
            "409:2:azure-native:authorization:RoleAssignmnt",
            "did you mean azure-native:authorization:RoleAssi",
        ),
    ],
)
def test_a_failure_that_could_not_happen_is_refused(fail: str, said: str) -> None:
    with pytest.raises(click.UsageError) as error:
        faults([fail], None, None)
    assert f"--fail {fail}: " in error.value.message
    assert said in error.value.message


@pytest.mark.parametrize("delay", [math.nan, math.inf, -math.inf, -0.1])
def test_a_delay_that_is_no_time_is_refused(delay: float) -> None:
    with pytest.raises(click.UsageError, match="write a number of seconds"):
        faults([], delay, None)


def test_every_known_type_may_be_named_in_full_or_by_its_last_word_and_concerns_itself() -> None:
    for token in known_types():
        for word in (token, token.rpartition(":")[2], token.lower()):
            switches = json.loads(faults([f"409:2:{word}"], None, None) or "")
            (one,) = switches["fail"]
            assert one == {"code": 409, "count": 2, "type": word}
            assert Failure(**one).concerns(token)


def test_no_switch_is_no_text() -> None:
    assert faults([], None, None) is None
    assert json.loads(faults([], 0.5, 3) or "") == {"fail": [], "delay": 0.5, "die_after": 3}
