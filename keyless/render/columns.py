"""Rows as aligned text."""

import textwrap
from collections.abc import Sequence
from itertools import zip_longest

_NARROWEST = 12


def columns(rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """Rows as lines, each column as wide as its widest cell; no spaces at the end of a line.

    With a `width`, that of a terminal, wide cells go over several lines, between words: no word is cut.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    over = sum(widths) + 2 * (len(widths) - 1) - width if width else 0
    if over <= 0:
        return [_line(row, widths) for row in rows]
    for index in sorted(range(len(widths)), key=lambda one: -widths[one]):
        less = max(0, min(over, widths[index] - _NARROWEST))
        widths[index], over = widths[index] - less, over - less
    cells = [[wrapped(cell, limit) for cell, limit in zip(row, widths, strict=True)] for row in rows]
    widths = [max(len(line) for cell in column for line in cell) for column in zip(*cells, strict=True)]
    return [_line(line, widths) for row in cells for line in zip_longest(*row, fillvalue="")]


def wrapped(text: str, width: int | None, indent: str = "") -> list[str]:
    """`text` in lines of at most `width` where its words allow it, those after the first behind `indent`."""
    if width is None or len(text) <= width:
        return [text]
    return textwrap.wrap(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ) or [""]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def counted(number: int, word: str) -> str:
    """`1 app`, `1,000 apps`."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")
