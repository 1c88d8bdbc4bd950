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
    from keyless.planner import check_project
    from keyless.project import load_project
    from keyless.render.columns import counted

    project = load_project(root)
    plans = check_project(project)
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
    from keyless.planner import make_plan, narrowed
    from keyless.project import load_project

    project = load_project(root, (environment,))
    made = narrowed(make_plan(project.apps, project.environments[environment]), team, app)
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
@click.argument("stack")
@click.option("--github", metavar="OWNER/REPO", help="The pipeline is GitHub Actions of this repository.")
@click.option(
    "--github-ids",
    metavar="OWNERID/REPOID",
    help="Where its subjects hold ids: made, renamed or moved after 2026-07-15.",
)
@click.option(
    "--environment", metavar="NAME", help="The GitHub environment of the job; default: the stack's."
)
@click.option("--subject", metavar="S", help="The token's subject, word for word; with --issuer.")
@click.option("--issuer", metavar="URL", help="The token's issuer; with --github, of an enterprise.")
@click.option(
    "--azure-devops",
    nargs=2,
    metavar="ISSUER SUBJECT",
    help="The pipeline is Azure DevOps: as its service connection says.",
)
@click.option(
    "--group", metavar="NAME", help="Resource group of the pipeline's identity; no stack may write into it."
)
@click.option(
    "--principal", metavar="ID", help="The identity's own object id, once it is there: it gets no grant then."
)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def deployer(root: Path, /, stack: str, format_: str, **options: Any) -> None:
    """Give what STACK's pipeline needs and nothing more: identity, credential, roles, conditions."""
    from keyless.deployer.load import Wanted, load_deployer
    from keyless.render.deployer import render_deployer_json, render_deployer_text

    made = load_deployer(root, stack, Wanted(**options))
    click.echo(render_deployer_json(made) if format_ == "json" else render_deployer_text(made), nl=False)


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
