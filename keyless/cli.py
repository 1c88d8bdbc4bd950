"""The command `keyless`: arguments in, text and an exit code out. What takes time to import is imported where used."""

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keyless import __version__

if TYPE_CHECKING:
    from keyless.plan import Plan


class _Keyless(click.Group):
    """Prints what Keyless raises on purpose, and exits with 2."""

    def invoke(self, ctx: click.Context) -> Any:
        from keyless.errors import KeylessError

        try:
            return super().invoke(ctx)
        except KeylessError as error:
            click.echo(str(error), err=True)
            ctx.exit(2)


@click.group(cls=_Keyless, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C", "project", default=".", metavar="PROJECT", help="The folder with Pulumi.yaml; default: here."
)
@click.version_option(__version__, prog_name="keyless")
@click.pass_context
def main(ctx: click.Context, project: str) -> None:
    """An app says what it uses, and gets an Azure identity that can do exactly that, without a key."""
    # A short process that keeps what it reads: with ten thousand apps half the time went into looking for garbage.
    gc.disable()
    ctx.obj = Path(project)


@main.command()
@click.pass_obj
def check(root: Path) -> None:
    """Check every spec against every environment."""
    from keyless.doctor.fit import check_fit
    from keyless.errors import PlanError
    from keyless.guarded import guarded_plans
    from keyless.project import load_project
    from keyless.render.columns import counted

    project = load_project(root)
    plans = guarded_plans(project)
    misfits = tuple(check_fit(project.root, project.apps, project.environments.values()))
    if misfits:
        raise PlanError(*misfits)
    for name, plan in plans.items():
        _warn(plan)
        apps = counted(sum(len(stack.apps) for stack in plan.stacks), "app")
        click.echo(f"{name}: {apps} in {counted(len(plan.stacks), 'stack')}, all right")


@main.command()
@click.argument("environment", metavar="ENV")
@click.option("--team", help="Only this team's stack.")
@click.option("--app", help="Only this app.")
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def plan(root: Path, environment: str, team: str | None, app: str | None, format_: str) -> None:
    """Show what each app of ENV gets: identity, grants, endpoints, settings."""
    from keyless.guarded import guarded_plan
    from keyless.planner import narrowed
    from keyless.project import load_project

    project = load_project(root, (environment,))
    made = narrowed(guarded_plan(project, environment), team, app)
    _warn(made)
    if format_ == "json":
        from keyless.render.plan_json import render_plan_json

        text = render_plan_json(made)
    else:
        from keyless.render.plan_table import render_app_table, render_plan_table

        text = render_app_table(made.stacks[0].apps[0]) if app else render_plan_table(made)
    click.echo(text, nl=False)


def _warn(plan: "Plan") -> None:
    for warning in plan.warnings:
        click.echo(str(warning), err=True)


@main.command()
@click.argument("environment", metavar="ENV")
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option(
    "--evidence",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Exported metrics or log rows that say who used a key; may be given several times.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 93),
    default=14,
    show_default=True,
    help="How many of the evidence's last days must be free of keys.",
)
@click.pass_obj
def migrate(root: Path, environment: str, format_: str, evidence: tuple[Path, ...], days: int) -> None:
    """Show where each resource and app of ENV stands on the road off keys.

    Granted, patched, left-overs gone, proven, keys forbidden: a left-over is shown with file, line and variable, never
    with its value.
    """
    from keyless.doctor.evidence import key_use, read_all
    from keyless.doctor.road import road_of
    from keyless.planner import make_plan
    from keyless.project import load_project

    project = load_project(root, (environment,))
    loaded = project.environments[environment]
    road = road_of(project, loaded, make_plan(project.apps, loaded))
    resources = loaded.facts.resources
    found = read_all(evidence, resources, days)
    unused = {one.resource: key_use(resources[one.resource], found.get(one.resource, ())) for one in road}
    if format_ == "json":
        from keyless.render.road_json import render_road_json

        text = render_road_json(environment, days, road, found, unused)
    else:
        from keyless.render.road_table import render_road_table

        text = render_road_table(environment, days, road, found, unused)
    click.echo(text, nl=False)


@main.command()
@click.argument("environment", metavar="ENV")
@click.argument("app")
@click.option("--out", type=click.Path(path_type=Path), help="Write the files into this folder.")
@click.pass_obj
def render(root: Path, environment: str, app: str, out: Path | None) -> None:
    """Show what Keyless makes for APP in ENV and does not apply itself: queries of its audit.

    With --out, files go into a folder. One that was changed there, or that something else wrote, is never replaced.
    """
    from keyless.ids import read_ids
    from keyless.planner import make_plan, narrowed
    from keyless.project import load_project
    from keyless.render.app_files import app_files
    from keyless.render.out import write_files

    project = load_project(root, (environment,))
    made = make_plan(project.apps, project.environments[environment])
    (narrow,) = narrowed(made, None, app).stacks
    (stack,) = (one for one in made.stacks if one.stack == narrow.stack)
    files = app_files(stack, narrow.apps[0], read_ids(root, stack.stack))
    if out is not None:
        lines = write_files(out, files)
    else:
        lines = [f"==> {name} <==\n{text}" for name, text in files.items()]
    click.echo("\n".join(lines) or f"{app} uses nothing, so there is nothing to render")


@main.command()
@click.option("--env", "environment", help="Only this environment's stacks.")
@click.pass_obj
def stacks(root: Path, environment: str | None) -> None:
    """List every stack there is, with its apps."""
    from keyless.planner import check_project
    from keyless.project import load_project
    from keyless.render.columns import columns

    plans = check_project(load_project(root, (environment,) if environment else None))
    rows = [
        (stack.stack, ", ".join(app.app for app in stack.apps) or "-")
        for made in plans.values()
        for stack in made.stacks
    ]
    click.echo("\n".join(columns(rows)))


@main.command()
@click.argument("stack")
@click.pass_obj
def ids(root: Path, stack: str) -> None:
    """Write ids/STACK.yaml from the JSON of `pulumi stack output --json` on standard input."""
    from keyless.ids import write_ids

    click.echo(f"wrote {write_ids(root, stack, sys.stdin.read())}")


@main.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("schema"), show_default=True)
def schema(out: Path) -> None:
    """Write the JSON Schemas of app and environment files, for editors."""
    from keyless.render.schemas import render_schemas

    out.mkdir(parents=True, exist_ok=True)
    for name, text in render_schemas().items():
        (out / name).write_text(text, encoding="utf-8")
        click.echo(f"wrote {out / name}")


@main.command()
@click.argument("word")
def explain(word: str) -> None:
    """Explain WORD: a kind of use or resource, or a role."""
    from keyless.render.explain import render_explanation

    click.echo(render_explanation(word), nl=False)


@main.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}, add_help_option=False
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def sandbox(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Run a command against a stand-in cloud: keyless sandbox -- pulumi up -s dev."""
    root = ctx.obj.resolve()
    if not (root / "sandbox" / "__main__.py").is_file():
        raise click.UsageError(
            f"'{root}' has no folder sandbox/: the sandbox runs from a checkout of Keyless"
        )
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(root), os.environ.get("PYTHONPATH")))),
    }
    # Click eats the first `--`, with which the sandbox tells its own words from the command's.
    words = list(arguments)
    given = sys.argv[sys.argv.index("sandbox") + 1 :] if "sandbox" in sys.argv else words
    command = [sys.executable, "-m", "sandbox", "--project", str(root), *given]
    if os.name == "posix":
        os.execve(sys.executable, command, environment)
    import subprocess

    ctx.exit(subprocess.run(command, env=environment, check=False).returncode)
