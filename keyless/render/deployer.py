"""A deployer as commands for people, and as JSON: a versioned interface with every key present."""

import json
import shlex
from collections.abc import Iterator
from typing import Any

from keyless.deployer.make import Assignment, CustomRole, Deployer

VERSION = 1
_CONDITION_VERSION = "2.0"


def render_deployer_json(deployer: Deployer) -> str:
    """Identity, credential, roles, assignments and what remains possible."""
    identity, credential = deployer.identity, deployer.credential
    value: dict[str, Any] = {
        "version": VERSION,
        "stack": deployer.stack,
        "environment": deployer.environment,
        "tenant": deployer.tenant,
        "identity": {
            "id": identity.id,
            "name": identity.name,
            "subscription": identity.subscription,
            "resource_group": identity.resource_group,
            "location": identity.location,
        },
        "credential": None
        if credential is None
        else {
            "name": credential.name,
            "issuer": credential.issuer,
            "subject": credential.subject,
            "audiences": list(credential.audiences),
        },
        "roles": [
            {
                "id": role.id,
                "name": role.name,
                "purpose": role.purpose,
                "actions": list(role.actions),
                "assignable_scopes": list(role.assignable_scopes),
            }
            for role in deployer.roles
        ],
        "assignments": [
            {
                "id": one.id,
                "role_id": one.role.id,
                "scope": one.scope,
                "condition": one.condition,
                "condition_version": one.condition and _CONDITION_VERSION,
            }
            for one in deployer.assignments
        ],
        "remains": list(deployer.remains),
        "elsewhere": list(deployer.elsewhere),
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def render_deployer_text(deployer: Deployer) -> str:
    """A shell script with the `az` commands in their order; what is to be read stands in comments."""
    parts = [
        [
            f"# The pipeline of {deployer.stack}: what its plan needs, and nothing more. No secret is made.",
            "# Whoever owns the subscription runs this, and runs it again when the plan changes.",
        ],
        list(_identity(deployer)),
        list(_roles(deployer)),
        list(_assignments(deployer)),
        list(_told("What it could do beyond its plan", deployer.remains)),
        list(_told("What it needs beside this", deployer.elsewhere)),
        list(_variables(deployer)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _identity(deployer: Deployer) -> Iterator[str]:
    identity, credential = deployer.identity, deployer.credential
    where = ("--resource-group", identity.resource_group, "--subscription", identity.subscription)
    yield "# 1. The identity, in a group that no stack writes into"
    yield _az("identity", "create", "--name", identity.name, *where, "--location", identity.location)
    show = _az(
        "identity", "show", "--name", identity.name, *where, "--query", "principalId", "--output", "tsv"
    )
    yield f'PRINCIPAL="$({show})"'
    if credential is None:
        yield "# Whom it trusts is not stated: run this again with --github, --azure-devops or --subject."
        return
    yield _az(
        "identity", "federated-credential", "create", "--name", credential.name, "--identity-name", identity.name, *where,
        "--issuer", credential.issuer, "--subject", credential.subject, "--audiences", *credential.audiences,
    )  # fmt: skip


def _roles(deployer: Deployer) -> Iterator[str]:
    if not deployer.roles:
        return
    yield "# 2. Custom roles, one a purpose; `update` in place of `create` once they exist"
    for role in deployer.roles:
        subscription = role.assignable_scopes[0].split("/")[2]
        yield _az(
            "role",
            "definition",
            "create",
            "--subscription",
            subscription,
            "--role-definition",
            _definition(role, deployer),
        )


def _definition(role: CustomRole, deployer: Deployer) -> str:
    value = {
        "Name": role.name,
        "IsCustom": True,
        "Description": f"Keyless: {role.purpose} of the stack {deployer.stack}",
        "Actions": list(role.actions),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": list(role.assignable_scopes),
    }
    return json.dumps(value)


def _assignments(deployer: Deployer) -> Iterator[str]:
    if not deployer.assignments:
        return
    yield "# 3. Each role where it is needed; a repeated name changes the condition in place"
    for one in deployer.assignments:
        yield _assignment(one)


def _assignment(one: Assignment) -> str:
    words = ["role", "assignment", "create", "--name", one.id, "--role", one.role.name, "--scope", one.scope]
    command = _az(*words, "--assignee-principal-type", "ServicePrincipal")
    command += ' --assignee-object-id "$PRINCIPAL"'
    if one.condition is not None:
        command += f" --condition-version {_CONDITION_VERSION} --condition {shlex.quote(one.condition)}"
    return command


def _told(head: str, lines: tuple[str, ...]) -> Iterator[str]:
    if lines:
        yield f"# {head}:"
        yield from (f"# - {line}" for line in lines)


def _variables(deployer: Deployer) -> Iterator[str]:
    yield "# The pipeline's own variables, none of them secret: ARM_USE_OIDC=true and"
    yield f"#   ARM_TENANT_ID={deployer.tenant}"
    yield f"#   ARM_SUBSCRIPTION_ID={deployer.identity.subscription}"
    identity = deployer.identity
    show = _az("identity", "show", "--ids", identity.id, "--query", "clientId", "--output", "tsv")
    yield f"#   ARM_CLIENT_ID: {show}"


def _az(*words: str) -> str:
    return shlex.join(["az", *words])
