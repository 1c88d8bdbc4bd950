"""The files that `keyless render ENV APP` gives: what Keyless makes for an app and does not apply itself."""

from collections.abc import Mapping

from keyless.ids import AppIds
from keyless.plan import AppPlan, StackPlan
from keyless.render.audit_queries import audit_queries


def app_files(plan: StackPlan, app: AppPlan, ids: Mapping[str, AppIds]) -> dict[str, str]:
    """File name to text, by name. `ids` are those of the stack's apps, empty before the first `up`: a file never holds
    an empty value in place of one that is not known, but a line that says what to run."""
    files = {
        **audit_queries(plan, app, ids),
    }
    return dict(sorted(files.items()))
