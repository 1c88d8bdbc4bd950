"""The files that `keyless render ENV APP` gives: what Keyless makes for an app and does not apply itself."""

from collections.abc import Mapping
from pathlib import Path

from keyless.ids import AppIds, read_ids
from keyless.plan import AppPlan, Plan, StackPlan
from keyless.planner import narrowed
from keyless.render.audit_queries import audit_queries
from keyless.render.secret_provider import secret_provider_files, secret_providers_lack


def app_files(plan: StackPlan, app: AppPlan, ids: Mapping[str, AppIds]) -> dict[str, str]:
    """File name to text, by name. `ids` are those of the stack's apps, empty before the first `up`: a file never holds
    an empty value in place of one that is not known, but a line that says what to run."""
    known = ids.get(app.app)
    files = {
        **audit_queries(plan, app, ids),
        **secret_provider_files(plan, app, known.client_id if known else None),
    }
    return dict(sorted(files.items()))


def files_of(root: Path, plan: Plan, name: str) -> tuple[dict[str, str], str | None]:
    """The files of the app `name`, and what is missing for more of them. Raises KeylessError for an unknown app."""
    (narrow,) = narrowed(plan, None, name).stacks
    (stack,) = (one for one in plan.stacks if one.stack == narrow.stack)
    app, ids = narrow.apps[0], read_ids(root, stack.stack)
    known = ids.get(name)
    return app_files(stack, app, ids), secret_providers_lack(app, known.client_id if known else None)
