"""The plan as commands and `pulumi up` take it: made, and held against what the apps' manifests show.

`make_plan` needs values alone; what this adds reads manifests, where an environment forbids keys.
"""

from pathlib import Path

from keyless.errors import PlanError
from keyless.finding import Finding
from keyless.plan import Plan, StackPlan
from keyless.planner import check_project, load_planned, stack_of
from keyless.project import LoadedEnvironment, Project


def load_guarded_plan(root: Path, environment: str) -> Plan:
    """The plan of one environment. Raises KeylessError, also where keys are forbidden and an app leans on one."""
    project, plan = load_planned(root, environment)
    _refuse_leaning_apps(project, project.environments[environment], plan)
    return plan


def guarded_plans(project: Project) -> dict[str, Plan]:
    """The plan of every environment. Raises KeylessError with what is wrong in all of them."""
    plans = check_project(project)
    wrong: list[Finding] = []
    for name, plan in plans.items():
        try:
            _refuse_leaning_apps(project, project.environments[name], plan)
        except PlanError as error:
            wrong.extend(error.findings)
    if wrong:
        raise PlanError(*wrong)
    return plans


def load_guarded_stack(root: Path, stack: str) -> StackPlan:
    """What the stack `dev` or `payments.dev` of the project in `root` makes. Raises KeylessError."""
    return stack_of(load_guarded_plan(root, stack.rpartition(".")[2]), stack)


def _refuse_leaning_apps(project: Project, environment: LoadedEnvironment, plan: Plan) -> None:
    """Reads no manifest, nor what reads them, where keys are allowed or an override sets the proof aside."""
    resources = environment.facts.resources.items()
    forbidden = frozenset(name for name, one in resources if one.keys == "forbidden" and one.override is None)
    if forbidden:
        from keyless.doctor.keys import refuse_leaning_apps

        refuse_leaning_apps(project, environment, plan, forbidden)
