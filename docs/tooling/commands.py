"""The page of the command: the help of `keyless` and of each of its commands, as click prints it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click

from keyless.cli import main
from sandbox.__main__ import main as sandbox

_WIDTH = 100


@dataclass(frozen=True)
class Command:
    """One command and its help."""

    name: str
    help: str


def commands() -> Iterator[Command]:
    """`keyless`, then its commands by name, then those of the sandbox."""
    for name, command in _walk("keyless", main):
        if command is main.commands["sandbox"]:
            # It hands everything on to `python -m sandbox`, so that is what it prints.
            yield from (Command(*_help(*one)) for one in _walk(name, sandbox))
        else:
            yield Command(*_help(name, command))


def _walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for word, below in sorted(command.commands.items()):
            if not below.hidden:
                yield from _walk(f"{name} {word}", below)


def _help(name: str, command: click.Command) -> tuple[str, str]:
    context = click.Context(
        command,
        info_name=name,
        terminal_width=_WIDTH,
        max_content_width=_WIDTH,
        help_option_names=["-h", "--help"],
    )
    return name, command.get_help(context)
