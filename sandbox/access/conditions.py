"""Conditions of role assignments (Azure ABAC, version 2.0): their grammar, and whether one lets a request pass.

Source: azure-docs, role-based-access-control, conditions-format; facts-doors §5. Where Azure's documentation is
silent this is the strict reading: a comparison of an attribute that a request lacks does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sandbox.access import operators
from sandbox.access.operators import Value

MAX_BYTES = 8 * 1024

_TOKEN = re.compile(
    r"""\s+
    | (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<attribute>@(?:Request|Resource|Environment|Principal)\[[^\]\s]+\])
    | (?P<guid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<word>[a-z]\w*(?::[a-z]\w*)?)
    | (?P<sign>&&|\|\||[(){},!])
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SPELLED = {"&&": "AND", "||": "OR", "!": "NOT"}
_GLUE = ("AND", "OR")


class MalformedCondition(ValueError):
    """The text is no condition of version 2.0; the message says where and why."""


@dataclass(frozen=True)
class Request:
    """What somebody asks for: an action, and attributes such as `@Resource[Microsoft.Storage/...:path]`."""

    action: str
    sub_operation: str | None = None
    attributes: Mapping[str, Value | tuple[Value, ...]] = field(default_factory=dict)

    def values(self, attribute: str) -> tuple[Value, ...]:
        """The values of an attribute, none where the request lacks it."""
        if attribute.lower() == "@request[suboperation]":
            return (self.sub_operation,) if self.sub_operation else ()
        found = next(
            (value for name, value in self.attributes.items() if name.lower() == attribute.lower()), ()
        )
        return found if isinstance(found, tuple) else (found,)


Holds = Callable[[Request], bool]


@dataclass(frozen=True)
class Operand:
    """One side of a comparison: an attribute, or what is written out; `many` in braces."""

    attribute: str | None = None
    literals: tuple[Value, ...] = ()
    many: bool = False

    def values(self, request: Request) -> tuple[Value, ...]:
        """What stands there for a request."""
        return self.literals if self.attribute is None else request.values(self.attribute)


def parse(text: str) -> Holds:
    """The condition as a function of a request. Raises MalformedCondition."""
    if len(text.encode()) > MAX_BYTES:
        raise MalformedCondition(f"it has {len(text.encode())} bytes, at most {MAX_BYTES} are allowed")
    parser = _Parser(text)
    holds = parser.expression()
    parser.end()
    return holds


class _Parser:
    """Recursive descent over the tokens; each method reads one rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.position = 0

    def expression(self) -> Holds:
        """`a`, `a AND b AND c` or `a OR b`: AND and OR side by side need parentheses."""
        terms, glue = [self.term()], ""
        while self.next_is(*_GLUE):
            word = self.take()
            if glue and word != glue:
                raise self.wrong("AND and OR stand side by side, and need parentheses")
            glue = word
            terms.append(self.term())
        if glue == "OR":
            return lambda request: any(term(request) for term in terms)
        return lambda request: all(term(request) for term in terms)

    def term(self) -> Holds:
        """One comparison, one match, a term with NOT before it, or an expression in parentheses."""
        if self.next_is("NOT"):
            self.take()
            inner = self.term()
            return lambda request: not inner(request)
        if self.next_is("("):
            self.take()
            inner = self.expression()
            self.take(")")
            return inner
        if self.next_is("ACTIONMATCHES", "SUBOPERATIONMATCHES"):
            return self.match(self.take())
        if self.next_is("EXISTS"):
            self.take()
            attribute = self.attribute()
            return lambda request: bool(request.values(attribute))
        return self.comparison()

    def match(self, word: str) -> Holds:
        """`{'<action>'}` after ActionMatches, `{'<sub-operation>'}` after SubOperationMatches."""
        self.take("{")
        wanted = self.text()
        self.take("}")
        if word == "SUBOPERATIONMATCHES":
            return lambda request: (request.sub_operation or "").lower() == wanted.lower()
        pattern = re.compile(re.escape(wanted).replace(r"\*", ".*"), re.IGNORECASE)
        return lambda request: pattern.fullmatch(request.action) is not None

    def comparison(self) -> Holds:
        """`<operand> <operator> <operand>`."""
        left, operator = self.operand(), self.take()
        if not operators.is_operator(operator):
            raise self.wrong(f"'{operator}' is not an operator", back=1)
        right = self.operand()
        if right.many and ":" not in operator:
            raise self.wrong(f"a set follows {operator}, which compares with one value", back=1)
        try:
            operators.check(operator, (*left.literals, *right.literals))
        except ValueError as error:
            raise self.wrong(str(error), back=1) from None
        return lambda request: operators.compared(operator, left.values(request), right.values(request))

    def operand(self) -> Operand:
        """An attribute, a literal, or a set of literals."""
        if self.kind() == "attribute":
            return Operand(attribute=self.attribute())
        if not self.next_is("{"):
            return Operand(literals=(self.literal(),))
        self.take()
        values = [self.literal()]
        while self.next_is(","):
            self.take()
            values.append(self.literal())
        self.take("}")
        return Operand(literals=tuple(values), many=True)

    def literal(self) -> Value:
        kind = self.kind()
        if kind == "text":
            return self.text()
        token = self.take()
        if kind == "guid":
            return token.lower()
        if kind == "number":
            return float(token)
        if token.lower() in ("true", "false"):
            return token.lower() == "true"
        raise self.wrong(f"'{token}' stands where a value is wanted", back=1)

    def text(self) -> str:
        if self.kind() != "text":
            raise self.wrong("a text in single quotes is wanted")
        return re.sub(r"\\(['\\])", r"\1", self.take()[1:-1])

    def attribute(self) -> str:
        if self.kind() != "attribute":
            raise self.wrong("an attribute such as @Resource[<type>:<name>] is wanted")
        return self.take()

    def next_is(self, *tokens: str) -> bool:
        return (
            self.position < len(self.tokens)
            and self.tokens[self.position][0] in ("word", "sign")
            and self.tokens[self.position][1].upper() in tokens
        )

    def kind(self) -> str:
        return self.tokens[self.position][0] if self.position < len(self.tokens) else "end"

    def take(self, wanted: str | None = None) -> str:
        """The next token, upper case where it is a word of the grammar. Raises where it is not the wanted one."""
        if self.position == len(self.tokens):
            raise self.wrong(f"'{wanted}' is missing" if wanted else "it ends too soon")
        token = self.tokens[self.position][1]
        if wanted is not None and token != wanted:
            raise self.wrong(f"'{token}' stands where '{wanted}' is wanted")
        self.position += 1
        upper = token.upper()
        return upper if upper in ("ACTIONMATCHES", "SUBOPERATIONMATCHES", "EXISTS", *_GLUE) else token

    def end(self) -> None:
        if self.position < len(self.tokens):
            raise self.wrong(f"'{self.tokens[self.position][1]}' is left over")

    def wrong(self, problem: str, back: int = 0) -> MalformedCondition:
        place = self.position - back
        at = f"character {self.tokens[place][2] + 1}" if place < len(self.tokens) else "the end"
        return MalformedCondition(f"at {at}: {problem}")


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """Kind, text and position of each token; `&&`, `||` and `!` as the words they stand for."""
    found: list[tuple[str, str, int]] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise MalformedCondition(
                f"at character {position + 1}: {text[position : position + 12]!r} cannot be read"
            )
        if match.lastgroup:
            token = match[0]
            found.append((match.lastgroup, _SPELLED.get(token, token), position))
        position = match.end()
    return found
