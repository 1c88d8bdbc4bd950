"""Managed identities and their federated credentials.

Source: entra-docs, workload identity federation considerations (facts §2.1, §2.2).
"""

from __future__ import annotations

import re

from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.rules.base import Rules
from sandbox.plugin import Refusal

IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
CREDENTIALS = f"{IDENTITIES}/federatedIdentityCredentials"
IDENTITY_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,127}")
CREDENTIAL_NAME = r"^[a-zA-Z0-9]{1}[a-zA-Z0-9-_]{2,119}$"
MAX_CREDENTIALS = 20
MAX_CHARACTERS = 600
WRITTEN_TOGETHER = "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"


class IdentityRules(Rules):
    """A user-assigned identity: two ids of its own, new ones each time it is made."""

    def __init__(self, tenant: str = "") -> None:
        self.tenant = tenant

    def check(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        name = ids.name(arm_id)
        if not IDENTITY_NAME.fullmatch(name):
            raise Refusal(
                400,
                "InvalidResourceName",
                f"The resource name '{name}' is invalid: 3 to 128 letters, digits, hyphens and underscores,"
                " the first a letter or digit.",
            )
        if not body.get("location"):
            raise Refusal(400, "LocationRequired", "The location property is required for this definition.")
        if existing and existing.get("location") not in (None, body["location"]):
            raise Refusal(
                409,
                "InvalidResourceLocation",
                f"The resource '{name}' already exists in location '{existing['location']}'. A resource with"
                f" the same name cannot be created in location '{body['location']}'.",
            )

    def shown(self, body: Body) -> Body:
        made = {**identifiers(body["id"], 1), "tenantId": self.tenant}
        return {**body, "properties": {**made, **properties(body)}}

    def complete(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        if existing:
            body["properties"] = properties(self.shown(existing))
            return
        generation = cloud.count(_counter(arm_id))
        body["properties"] = {**identifiers(arm_id, generation), "tenantId": self.tenant}


class CredentialRules(Rules):
    """A federated credential: written one after another below its identity."""

    def in_turn(self, arm_id: str) -> str | None:
        return ids.parent(arm_id)

    def overlap(self, holder: str) -> Refusal:
        return Refusal(409, WRITTEN_TOGETHER, _written_together(holder))

    def conflict(self) -> tuple[str, str]:
        return WRITTEN_TOGETHER, _written_together("")

    def check(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        name = ids.name(arm_id)
        if not re.fullmatch(CREDENTIAL_NAME, name):
            raise _invalid(
                f"the name '{name}' must have 3 to 120 letters, digits, hyphens and underscores,"
                " the first a letter or digit"
            )
        own = properties(body)
        issuer, subject, audiences = (own.get(word) for word in ("issuer", "subject", "audiences"))
        if not isinstance(issuer, str) or not issuer.startswith("https://"):
            raise _invalid(f"the issuer '{issuer}' must be a URL that starts with https://")
        if not isinstance(subject, str) or not subject:
            raise _invalid("the subject must not be empty")
        for word, value in (("issuer", issuer), ("subject", subject)):
            if len(value) > MAX_CHARACTERS:
                raise _invalid(
                    f"the {word} has {len(value)} characters, at most {MAX_CHARACTERS} are allowed"
                )
        if "*" in subject:
            raise _invalid(f"the subject '{subject}' must not contain wildcards")
        if not isinstance(audiences, list) or len(audiences) != 1:
            raise _invalid(f"exactly one audience is allowed, not {audiences}")
        if not isinstance(audiences[0], str) or not audiences[0]:
            raise _invalid("the audience must not be empty")
        _check_others(cloud, arm_id, issuer, subject)


def _check_others(cloud: Cloud, arm_id: str, issuer: str, subject: str) -> None:
    identity = ids.parent(arm_id) or arm_id
    others = [
        one
        for one in cloud.below(f"{identity}/federatedIdentityCredentials")
        if not ids.same(one["id"], arm_id)
    ]
    for other in others:
        if properties(other).get("issuer") == issuer and properties(other).get("subject") == subject:
            raise _invalid(
                "Issuer and subject combination already exists for this Managed Identity,"
                f" in the credential '{ids.name(other['id'])}'"
            )
    if len(others) >= MAX_CREDENTIALS:
        raise _invalid(
            f"Too many Federated Identity Credentials: a managed identity has at most {MAX_CREDENTIALS},"
            f" and '{ids.name(identity)}' has {len(others)}"
        )


def identifiers(arm_id: str, generation: int) -> dict[str, str]:
    """Principal and client id of an identity in its n-th life; a recreated identity is another principal."""
    identity = ids.key(arm_id)
    return {
        "principalId": ids.guid("principal", identity, generation),
        "clientId": ids.guid("client", identity, generation),
    }


def made_here(cloud: Cloud, arm_id: str) -> bool:
    """Whether a provider of this sandbox made the identity; one of the world has been there for ever."""
    query = "SELECT 1 FROM counter WHERE name = ?"
    return cloud.connection.execute(query, (_counter(arm_id),)).fetchone() is not None


def _counter(arm_id: str) -> str:
    return f"identity/{ids.key(arm_id)}"


def identities(cloud: Cloud) -> list[Body]:
    """Every identity with its ids; those that a world lists without ids have the ones of a first life."""
    return [
        {**one, "properties": {**identifiers(one["id"], 1), **properties(one)}}
        for one in cloud.of_type(IDENTITIES)
    ]


def _invalid(problem: str) -> Refusal:
    return Refusal(400, "BadRequest", f"Federated identity credential: {problem}.")


def _written_together(identity: str) -> str:
    which = f" '{identity}'" if identity else ""
    return (
        f"Too many Federated Identity Credentials are written concurrently for the managed identity{which}."
        " Concurrent Federated Identity Credentials writes under the same managed identity are not supported."
    )
