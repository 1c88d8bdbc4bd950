"""The command `python -m sandbox`: run something against the stand-in cloud, or look at that cloud."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import click

from sandbox.errors import SandboxError
from sandbox.verdict import Verdict

SETTINGS = {"help_option_names": ["-h", "--help"]}


class Sandbox(click.Group):
    """Subcommands, or, after `--`, any command of the user's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            position = args.index("--")
            before, ctx.meta["command"] = args[:position], args[position + 1 :]
            # Our own word for it, so that click need not know the user's command.
            args = [*before, "run"]
        return super().parse_args(ctx, args)


@click.group(cls=Sandbox, context_settings=SETTINGS, no_args_is_help=True)
@click.option(
    "-C", "--project", type=click.Path(path_type=Path), default=Path(), help="Folder with Pulumi.yaml."
)
@click.option(
    "--fail", multiple=True, metavar="CODE:N[:TYPE]", help="Let the next N operations fail with CODE."
)
@click.option(
    "--delay", type=click.FloatRange(min=0), metavar="SECONDS", help="Let every operation take longer."
)
@click.option(
    "--die-after", type=click.IntRange(min=1), metavar="N", help="Kill the engine after its N-th change."
)
@click.pass_context
def main(
    ctx: click.Context, project: Path, fail: tuple[str, ...], delay: float | None, die_after: int | None
) -> None:
    """Run pulumi as a user would, against a stand-in Azure and Kubernetes.

    \b
    python -m sandbox -- pulumi up -s dev            the real engine, the stand-in cloud
    python -m sandbox --fail 409:2 -- pulumi up ...  with two operations refused
    python -m sandbox can checkout invoices          may this app reach and use that, and why
    python -m sandbox can --key orders               does a leaked key of orders open it, and why

    The sandbox is the folder $KEYLESS_SANDBOX, or .sandbox in the project.
    """
    from sandbox.runner import folder_of
    from sandbox.switches import faults

    given = [
        name for name, value in (("--fail", fail), ("--delay", delay), ("--die-after", die_after)) if value
    ]
    if given and ctx.invoked_subcommand != "run":
        raise click.UsageError(
            f"{given[0]} does nothing to {ctx.invoked_subcommand}: it is for a command after --, such as:"
            f" {given[0]} ... -- pulumi up -s dev"
        )
    project = project.absolute()
    ctx.obj = (project, folder_of(project), faults(fail, delay, die_after))


@main.command("run", hidden=True)
@click.pass_context
def run_command(ctx: click.Context) -> None:
    """What stands behind `--`."""
    from sandbox.runner import run

    command = ctx.meta.get("command")
    if not command:
        raise click.UsageError("write the command after --, such as: -- pulumi up -s dev")
    project, sandbox, switches = ctx.obj
    run(project, sandbox, command, switches)


@main.command()
@click.pass_obj
def reset(place: tuple[Path, Path, str | None]) -> None:
    """Back to the worlds: forget the cloud and every stack in this sandbox."""
    from sandbox import world

    world.reset(place[0], place[1])
    click.echo(f"sandbox: {place[1]} is back to its worlds, with no stack", err=True)


@main.command()
@click.pass_obj
def show(place: tuple[Path, Path, str | None]) -> None:
    """What exists, as a table; a star marks what the worlds did not hold."""
    from sandbox.show import render
    from sandbox.world import open_cloud

    open_cloud(*place[:2])
    click.echo(render(place[1]), nl=False)


@main.command()
@click.argument("app", required=False)
@click.argument("use", required=False)
@click.option("--key", metavar="RESOURCE", help="Ask for whoever holds a leaked key of RESOURCE instead.")
@click.option("--keys", is_flag=True, help="Ask so for every resource, from everywhere: a table.")
@click.option(
    "--from",
    "origin",
    metavar="PLACE",
    help="Where the key's holder stands: `internet` (default), or a cluster of the environment.",
)
@click.option("--env", "environment", help="The environment; default: dev, or the only one.")
@click.pass_obj
def can(
    place: tuple[Path, Path, str | None],
    app: str | None,
    use: str | None,
    key: str | None,
    keys: bool,
    origin: str | None,
    environment: str | None,
) -> None:
    """May APP reach and use USE? Yes or no, and why. Exit code 1 says no; without USE, a table.

    With --key: does a leaked key of RESOURCE open it, for whoever holds it?
    """
    if app and (key or keys):
        raise click.UsageError("--key and --keys ask for a key's holder, so they go without APP and USE")
    if origin and not key:
        raise click.UsageError("--from says where a key's holder stands, so it goes with --key")
    from sandbox import can as judge
    from sandbox import keys as key_judge
    from sandbox.project import environments
    from sandbox.world import open_cloud

    project, folder, _ = place
    open_cloud(project, folder)
    names = list(environments(project))
    environment = environment or ("dev" if "dev" in names else names[0] if len(names) == 1 else None)
    if environment not in names:
        raise SandboxError(
            f"no such environment: {environment}\n  fix: --env with one of: {', '.join(names)}"
        )
    if key:
        _answer(key_judge.opens(folder, project, key, origin or key_judge.INTERNET, environment))
    if keys:
        click.echo(key_judge.render(key_judge.opens_all(folder, project, environment)), nl=False)
        return
    if app and use:
        _answer(judge.may(folder, project, app, use, environment))
    rows = [row for row in judge.may_all(folder, project, environment) if app in (None, row.app)]
    if not rows:
        raise SandboxError(f"{environment} has no app {app!r}" if app else f"{environment} has no app")
    click.echo(judge.render(rows).rstrip("\n"))


def _answer(verdict: Verdict) -> NoReturn:
    click.echo(str(verdict))
    sys.exit(0 if verdict.allowed else 1)


@main.command()
@click.argument("stack")
@click.pass_obj
def recover(place: tuple[Path, Path, str | None], stack: str) -> None:
    """Mend STACK after a crash: unlock it and take in what the cloud made and the state lost."""
    from sandbox.recover import recover as mend

    mend(place[0], place[1], stack)


def entry() -> None:
    """Print what went wrong without a trace; exit code 2 for wrong use."""
    try:
        main(prog_name="keyless sandbox")
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    entry()
