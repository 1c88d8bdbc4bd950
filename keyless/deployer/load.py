"""Reads a project and what was asked for into a Deployer; refuses a group that an app stack writes into."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from keyless.deployer.credential import Credential, github, stated
from keyless.deployer.make import Deployer, DeployerIdentity, identity_name, make_deployer
from keyless.errors import PlanError, SpecError
from keyless.fields import resource_group_fits, resource_group_id
from keyless.finding import Finding
from keyless.ids import read_ids
from keyless.plan import Plan, StackPlan
from keyless.planner import check_project, stack_of
from keyless.project import load_project

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the caller says of the pipeline; each None where it says nothing."""

    github: str | None = None
    github_ids: str | None = None
    environment: str | None = None
    subject: str | None = None
    issuer: str | None = None
    azure_devops: tuple[str, str] | None = None
    group: str | None = None
    principal: str | None = None


def load_deployer(root: Path, stack: str, wanted: Wanted) -> Deployer:
    """The deployer of `stack` in the project `root`. Raises KeylessError."""
    project = load_project(root)
    # Every environment: the group must be one that no stack writes, of whichever.
    plans = check_project(project)
    environment = stack.rpartition(".")[2]
    if environment not in plans:
        known = ", ".join(one.stack for plan in plans.values() for one in plan.stacks)
        raise PlanError(
            Finding(rule="no-stack", message=f"there is no stack '{stack}'", fix=f"write one of: {known}")
        )
    plan = stack_of(plans[environment], stack)
    facts = project.environments[environment].facts
    group = wanted.group or (facts.deployers.resource_group if facts.deployers else None)
    if group is None:
        raise _refused(
            "group",
            "nothing says in which resource group the pipeline's identity is made",
            f"write --group NAME, or deployers: {{resource_group: NAME}} in Pulumi.{environment}.yaml",
        )
    if not resource_group_fits(group):
        raise _refused(
            "group", f"'{group}' is no name of a resource group", "write its name alone, not its id"
        )
    if wanted.principal is not None and _GUID.fullmatch(wanted.principal) is None:
        raise _refused(
            "principal",
            f"'{wanted.principal}' is no object id",
            "write the GUID of `az identity show --query principalId`",
        )
    _refuse_written(plans, resource_group_id(facts.subscription, group))
    return make_deployer(
        plan,
        DeployerIdentity(
            name=identity_name(stack),
            subscription=facts.subscription,
            resource_group=group,
            location=facts.identities.location or facts.location,
        ),
        _credential(stack, environment, wanted),
        {app: ids.principal_id for app, ids in read_ids(root, stack).items()},
        wanted.principal.lower() if wanted.principal else None,
        tuple(_neighbours(plans, plan)),
    )


def _credential(stack: str, environment: str, wanted: Wanted) -> Credential | None:
    name = identity_name(stack).removeprefix("id-")
    verbatim = wanted.subject is not None
    chosen = [wanted.github is not None, wanted.azure_devops is not None, verbatim]
    if sum(chosen) > 1:
        raise _refused(
            "github", "more than one pipeline is named", "write one of --github, --azure-devops, --subject"
        )
    if wanted.github is not None:
        return github(
            wanted.github, wanted.github_ids, wanted.environment or environment, wanted.issuer, name
        )
    for option, value in (("--github-ids", wanted.github_ids), ("--environment", wanted.environment)):
        if value is not None:
            raise _refused(
                "github",
                f"{option} says more of a repository that is not named",
                "write --github OWNER/REPO too",
            )
    if wanted.azure_devops is not None:
        if wanted.issuer is not None:
            raise _refused("issuer", "--azure-devops names its issuer already", "remove --issuer")
        return stated(*wanted.azure_devops, name)
    if wanted.subject is not None:
        if wanted.issuer is None:
            raise _refused(
                "issuer", "a subject counts for one issuer, and none is named", "write --issuer URL too"
            )
        return stated(wanted.issuer, wanted.subject, name)
    if wanted.issuer is not None:
        raise _refused(
            "subject",
            "an issuer without a subject trusts nobody",
            "write --subject S, or --github OWNER/REPO",
        )
    return None


def _written(plan: StackPlan) -> Iterator[str]:
    """The resource groups that a stack writes something into."""
    for app in plan.apps:
        yield resource_group_id(app.identity.id.subscription, app.identity.resource_group)
    for zone in plan.shared.zones:
        yield resource_group_id(zone.id.subscription, zone.id.resource_group)
    for endpoint in plan.shared.private_endpoints:
        yield resource_group_id(endpoint.subscription, endpoint.resource_group)


def _refuse_written(plans: Mapping[str, Plan], group: str) -> None:
    for plan in plans.values():
        for stack in plan.stacks:
            if group.lower() in {one.lower() for one in _written(stack)}:
                name = group.rsplit("/", 1)[1]
                raise _refused(
                    "group",
                    f"the stack {stack.stack} writes into '{name}', so that it could become every pipeline there",
                    "name a group of its own for pipelines, which no stack writes into",
                )


def _neighbours(plans: Mapping[str, Plan], mine: StackPlan) -> Iterator[str]:
    """Other stacks whose identities stand in a group of this one's."""

    def groups(stack: StackPlan) -> set[str]:
        return {
            resource_group_id(app.identity.id.subscription, app.identity.resource_group).lower()
            for app in stack.apps
            if app.identity.made
        }

    for plan in plans.values():
        for stack in plan.stacks:
            if stack.stack != mine.stack and groups(stack) & groups(mine):
                yield stack.stack


def _refused(key: str, message: str, fix: str) -> SpecError:
    return SpecError(Finding(rule="deployer", key=key, message=message, fix=fix))
