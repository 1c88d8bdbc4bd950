"""What the shell offers after TAB, read from the project; nothing where that cannot be read, for nobody asked."""

from collections.abc import Iterator
from pathlib import Path

import click


def environments(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of environments."""
    from keyless.project import environment_names

    try:
        return _fitting(environment_names(_root(ctx)), incomplete)
    except OSError:
        return []


def teams(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of teams that have an app."""
    return _fitting((team for _, team in _apps(_root(ctx)) if team is not None), incomplete)


def apps(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of apps: of one team, where `--team` stands before."""
    wanted = ctx.params.get("team")
    return _fitting((app for app, team in _apps(_root(ctx)) if wanted in (None, team)), incomplete)


def stacks(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of stacks: each environment's own, and each team's in it."""
    found = environments(ctx, param, "")
    return _fitting(
        [*found, *(f"{team}.{one}" for team in teams(ctx, param, "") for one in found)], incomplete
    )


def words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Words that `keyless explain` knows."""
    from keyless.render.explain import words as known

    return _fitting(known(), incomplete)


def _root(ctx: click.Context) -> Path:
    return Path(ctx.find_root().params.get("project") or ".")


def _apps(root: Path) -> Iterator[tuple[str, str | None]]:
    from keyless.errors import KeylessError
    from keyless.spec import app_files, load_app

    try:
        files = tuple(app_files(root))
    except (KeylessError, OSError):
        return
    for path, file in files:
        try:
            spec = load_app(path, file, root).spec
        except (KeylessError, OSError):
            continue  # the others can be offered all the same
        yield spec.app, spec.team


def _fitting(found: "Iterator[str] | list[str] | tuple[str, ...]", incomplete: str) -> list[str]:
    return sorted({one for one in found if one.lower().startswith(incomplete.lower())})
