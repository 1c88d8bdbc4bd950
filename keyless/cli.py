"""The command `keyless`: arguments in, text and an exit code out. What takes time to import is imported where used."""

import gc
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keyless import __version__, completion

if TYPE_CHECKING:
    from keyless.plan import Plan


class _Keyless(click.Group):
    """Prints what Keyless raises on purpose, and exits with 2."""

    def invoke(self, ctx: click.Context) -> Any:
        from keyless.errors import KeylessError

        try:
            return super().invoke(ctx)
        except click.NoSuchOption as error:
            if error.option_name != "-C":
                raise
            message = "-C stands before the command: keyless -C PROJECT COMMAND"
            raise click.UsageError(message, error.ctx) from None
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
    if any(misfit.severity == "error" for misfit in misfits):
        raise PlanError(*misfits)
    for misfit in misfits:
        click.echo(str(misfit), err=True)
    for name, plan in plans.items():
        _warn(plan)
        apps = counted(sum(len(stack.apps) for stack in plan.stacks), "app")
        click.echo(f"{name}: {apps} in {counted(len(plan.stacks), 'stack')}, all right")


@main.command()
@click.argument("environment", metavar="ENV", shell_complete=completion.environments)
@click.option("--team", help="Only this team's stack.", shell_complete=completion.teams)
@click.option("--app", help="Only this app, with what it reaches.", shell_complete=completion.apps)
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.pass_obj
def plan(root: Path, environment: str, team: str | None, app: str | None, format_: str) -> None:
    """Show what each app of ENV gets: grants, endpoints, settings."""
    from keyless.guarded import load_guarded_plan
    from keyless.planner import narrowed

    made = narrowed(load_guarded_plan(root, environment), team, app)
    _warn(made)
    if format_ == "json":
        from keyless.render.plan_json import render_plan_json

        text = render_plan_json(made)
    else:
        from keyless.render.plan_table import render_app_table, render_plan_table

        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        text = render_app_table(made.stacks[0], width) if app else render_plan_table(made, width)
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
    """Show how far resources and apps of ENV are on the road off keys.

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
@click.argument("environment", metavar="ENV", shell_complete=completion.environments)
@click.argument("app", required=False, shell_complete=completion.apps)
@click.option("--policy", is_flag=True, help="Assignments of built-in policies, for a platform team.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the files into this folder.")
@click.pass_obj
def render(root: Path, environment: str, app: str | None, policy: bool, out: Path | None) -> None:
    """Show what Keyless makes for APP and does not apply itself.

    Queries of its audit, and classes for the secrets that remain; with --policy, and no APP, assignments of Azure's built-in
    policies. With --out, files go into a folder. One that was changed there, or that something else wrote, is never
    replaced.
    """
    from keyless.planner import load_plan
    from keyless.render.app_files import files_of
    from keyless.render.out import write_files
    from keyless.render.policy import policy_files

    if policy == (app is not None):
        raise click.UsageError("write an APP, or --policy, and one of them")
    plan = load_plan(root, environment)
    files, lack = (policy_files(plan), None) if app is None else files_of(root, plan, app)
    if lack:
        click.echo(lack, err=True)
    if out is not None:
        lines = write_files(out, files)
    else:
        lines = [f"==> {name} <==\n{text}" for name, text in files.items()]
    click.echo("\n".join(lines) or f"{app} uses nothing, so there is nothing to render")


@main.command()
@click.option(
    "--env", "environment", help="Only this environment's stacks.", shell_complete=completion.environments
)
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
@click.argument("stack", shell_complete=completion.stacks)
@click.pass_obj
def ids(root: Path, stack: str) -> None:
    """Write ids/STACK.yaml from the stack's outputs on standard input.

    \b
    pulumi stack output --json -s STACK | keyless ids STACK
    """
    from keyless.ids import write_ids
    from keyless.planner import load_stack

    load_stack(root, stack)  # refuses a name that is no stack of the project
    click.echo(f"wrote {write_ids(root, stack, sys.stdin.buffer.read())}")


@main.command("import")
@click.argument("environment", metavar="ENV")
@click.option("--format", "format_", type=click.Choice(["yaml", "json"]), default="yaml", show_default=True)
@click.pass_obj
def import_(root: Path, environment: str, format_: str) -> None:
    """Turn what `az` or Terraform print into entries of ENV.

    \b
    az resource list -o json | keyless import dev
    (az graph query -q Resources -o json; az identity list -o json;
     az role assignment list --all -o json) | keyless import dev
    terraform show -json | keyless import dev

    Of the input nothing is kept but ids, kinds, hosts and switches. What ENV holds already is left out.
    """
    from keyless.importing.proposals import read_proposals
    from keyless.project import load_project

    project = load_project(root, (environment,))
    found = read_proposals(sys.stdin.buffer, project, project.environments[environment])
    if format_ == "json":
        from keyless.render.import_text import render_import_json as render
    else:
        from keyless.render.import_text import render_import_yaml as render
    click.echo(render(found), nl=False)


@main.command()
@click.argument("stack", shell_complete=completion.stacks)
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
    """Give what the pipeline of STACK needs, and nothing more.

    Its identity and federated credential, the roles that its plan asks for at the smallest scopes, and the conditions on them.
    """
    from keyless.deployer.load import Wanted, load_deployer
    from keyless.render.deployer import render_deployer_json, render_deployer_text

    made = load_deployer(root, stack, Wanted(**options))
    click.echo(render_deployer_json(made) if format_ == "json" else render_deployer_text(made), nl=False)


@main.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("schema"), show_default=True
)
def schema(out: Path) -> None:
    """Write JSON Schemas of app and environment files, for editors."""
    from keyless.render.schemas import render_schemas
    from keyless.source import write_text

    for name, text in render_schemas().items():
        write_text(out / name, text)
        click.echo(f"wrote {out / name}")


@main.command()
@click.argument("word", shell_complete=completion.words)
def explain(word: str) -> None:
    """Explain WORD: a kind, a word of a posture, a role or a policy."""
    from keyless.render.explain import render_explanation

    click.echo(render_explanation(word), nl=False)


@main.command(
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}, add_help_option=False
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def sandbox(ctx: click.Context, arguments: tuple[str, ...]) -> None:
    """Run a command, such as `pulumi up`, against a stand-in cloud."""
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
