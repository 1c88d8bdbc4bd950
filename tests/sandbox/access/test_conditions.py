"""Conditions let through what they say and nothing else, and what is malformed is told with its place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.access.conditions import MAX_BYTES, MalformedCondition, Request, parse

CASES: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "conditions.yaml").read_text(encoding="utf-8")
)
ROWS = [
    (name, passes, row)
    for name, case in CASES.items()
    for passes in (True, False)
    for row in case["passes" if passes else "stops"]
]


def request(row: list[Any]) -> Request:
    action, sub_operation, attributes = row
    found = {name: tuple(value) if isinstance(value, list) else value for name, value in attributes.items()}
    return Request(action, sub_operation, found)


@pytest.mark.parametrize(
    ("name", "passes", "row"), ROWS, ids=[f"{n}-{p}-{i}" for i, (n, p, _) in enumerate(ROWS)]
)
def test_a_condition_decides(name: str, passes: bool, row: list[Any]) -> None:
    assert parse(CASES[name]["condition"])(request(row)) is passes


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "at the end: it ends too soon"),
        ("(ActionMatches{'a'}", "at the end: ')' is missing"),
        ("ActionMatches{'a'})", "at character 19: ')' is left over"),
        ("ActionMatches{'a'", "'}' is missing"),
        ("ActionMatches{a}", "a text in single quotes is wanted"),
        ("ActionMatches{}", "a text in single quotes is wanted"),
        ("ActionMatches('a')", "'(' stands where '{' is wanted"),
        ("@Resource[x] StringIsh 'a'", "at character 14: 'StringIsh' is not an operator"),
        ("@Resource[x] ForSomeValues:StringEquals {'a'}", "is not an operator"),
        ("@Resource[x] StringEquals {'a'}", "compares with one value"),
        ("@Resource[x] ForAnyOfAnyValues:StringEquals {}", "stands where a value is wanted"),
        ("@Resource[x] ForAnyOfAnyValues:StringEquals {'a' 'b'}", "stands where '}' is wanted"),
        ("@Resource[x] GuidEquals 'a'", "'a' is no GUID"),
        ("@Resource[x] StringEquals 3", "is no text"),
        ("@Resource[x] BoolEquals 'true'", "is neither true nor false"),
        ("@Resource[x] NumericEquals '3'", "is no number"),
        ("@Environment[UtcNow] DateTimeLessThan 'soon'", "is no time"),
        ("@Environment[UtcNow] DateTimeLessThan '2026-01-01T00:00:00'", "names no time zone"),
        ("@Resource[x] StringEquals", "it ends too soon"),
        ("StringEquals 'a'", "stands where a value is wanted"),
        ("@Resource[x] StringEquals 'a", "cannot be read"),
        ("@Somebody[x] StringEquals 'a'", "cannot be read"),
        ("@Resource[x] StringEquals \"a\"", "cannot be read"),
        ("Exists 'a'", "an attribute such as"),
        ("ActionMatches{'a'} AND ActionMatches{'b'} OR ActionMatches{'c'}", "need parentheses"),
        ("ActionMatches{'a'} ActionMatches{'b'}", "is left over"),
    ],
)  # fmt: skip
def test_what_is_malformed_is_told_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(MalformedCondition, match=re.escape(problem)):
        parse(text)


def test_eight_kilobytes_are_the_limit() -> None:
    text = "@Resource[x] StringEquals '{}'"
    fits = text.format("a" * (MAX_BYTES - len(text) + 2))
    assert parse(fits)
    with pytest.raises(MalformedCondition, match="8193 bytes"):
        parse(fits + " ")
