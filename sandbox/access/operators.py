"""Operators of conditions: what `StringStartsWith` or `ForAnyOfAnyValues:GuidEquals` says of two lists of values."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar

Value = str | float | bool

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Read = TypeVar("Read")


def _like(left: str, pattern: str) -> bool:
    """`*` stands for any run, `?` for one character; a backslash takes their meaning away."""
    parts = re.findall(r"\\[*?\\]|[*?]|[^*?\\]+|\\", pattern)
    form = "".join(
        {"*": ".*", "?": "."}.get(part) or re.escape(part[1:] if len(part) == 2 and part[0] == "\\" else part)
        for part in parts
    )
    return re.fullmatch(form, left, re.DOTALL) is not None


def _text(value: Value) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value} is no text: write it in single quotes")
    return value


def _lower(value: Value) -> str:
    return _text(value).lower()


def _guid(value: Value) -> str:
    if not isinstance(value, str) or _GUID.fullmatch(value.lower()) is None:
        raise ValueError(f"'{value}' is no GUID")
    return value.lower()


def _number(value: Value) -> float:
    if isinstance(value, (bool, str)):
        raise ValueError(f"'{value}' is no number")
    return value


def _truth(value: Value) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"'{value}' is neither true nor false")
    return value


def _moment(value: Value) -> float:
    try:
        found = datetime.fromisoformat(_text(value).replace("Z", "+00:00"))
    except ValueError:
        raise ValueError(f"'{value}' is no time such as '2026-11-25T08:00:00Z'") from None
    if found.tzinfo is None:
        raise ValueError(f"'{value}' names no time zone")
    return found.timestamp()


Compare = Callable[[Value, Value], bool]


def _table() -> dict[str, Compare]:
    """Every operator by its name in lower case."""
    texts: dict[str, Callable[[str, str], bool]] = {
        "Equals": operator.eq,
        "StartsWith": str.startswith,
        "Like": _like,
    }
    orders: dict[str, Callable[[float, float], bool]] = {
        "Equals": operator.eq,
        "LessThan": operator.lt,
        "LessThanEquals": operator.le,
        "GreaterThan": operator.gt,
        "GreaterThanEquals": operator.ge,
    }
    found: dict[str, Compare] = {
        "BoolEquals": _on(_truth, operator.eq),
        "GuidEquals": _on(_guid, operator.eq),
        **{f"String{word}": _on(_text, test) for word, test in texts.items()},
        **{f"String{word}IgnoreCase": _on(_lower, test) for word, test in texts.items()},
        **{f"Numeric{word}": _on(_number, test) for word, test in orders.items()},
        **{f"DateTime{word}": _on(_moment, test) for word, test in orders.items()},
    }
    # StringNotEquals, GuidNotEquals, ...; orders have their opposites already.
    turned = {
        re.sub("^(String|Guid|Bool|Numeric|DateTime)", r"\1Not", name): _negated(compare)
        for name, compare in found.items()
        if "Than" not in name
    }
    return {name.lower(): compare for name, compare in {**found, **turned}.items()}


def _on(read: Callable[[Value], Read], test: Callable[[Read, Read], bool]) -> Compare:
    return lambda left, right: test(read(left), read(right))


def _negated(compare: Compare) -> Compare:
    return lambda left, right: not compare(left, right)


OPERATORS = _table()
# `ForAnyOfAllValues:`: for any value on the left, with all values on the right.
CROSSED: dict[str, tuple[Callable[..., bool], Callable[..., bool]]] = {
    "foranyofanyvalues": (any, any),
    "foranyofallvalues": (any, all),
    "forallofanyvalues": (all, any),
    "forallofallvalues": (all, all),
}


def is_operator(word: str) -> bool:
    """Whether `word` is an operator, with or without a cross-product before it."""
    crossing, colon, name = word.lower().rpartition(":")
    return name in OPERATORS and (not colon or crossing in CROSSED)


def check(word: str, values: Iterable[Value]) -> None:
    """Raise ValueError where a value is of another type than the operator compares."""
    compare = OPERATORS[word.lower().rpartition(":")[2]]
    for value in values:
        compare(value, value)


def compared(word: str, left: tuple[Value, ...], right: tuple[Value, ...]) -> bool:
    """What the operator `word` says of the values on its left and right; never true without any on either side."""
    crossing, _, name = word.lower().rpartition(":")
    compare = OPERATORS[name]
    for_left, for_right = CROSSED.get(crossing, (all, all))
    if not left or not right:
        return False
    try:
        return for_left(for_right(compare(one, other) for other in right) for one in left)
    except ValueError:
        # An attribute of another type than the operator's: nothing that the condition lets pass.
        return False
