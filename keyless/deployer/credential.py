"""Whom the deployer's identity trusts: one subject of GitHub Actions, Azure DevOps, or any other issuer.

Source: github/docs, actions/reference/security/oidc; azure-devops-docs, workload identity federation, read 2026-11.
"""

import re
from dataclasses import dataclass

from keyless.errors import SpecError
from keyless.finding import Finding

GITHUB = "https://token.actions.githubusercontent.com"
AUDIENCE = "api://AzureADTokenExchange"
MAX_CHARACTERS = 600  # entra-docs, federated identity credential considerations
_REPOSITORY = re.compile(r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}/[\w.-]{1,100}", re.ASCII)
_IDS = re.compile(r"(\d{1,20})/(\d{1,20})")


@dataclass(frozen=True, slots=True)
class Credential:
    """A federated credential of the deployer; nothing in it is secret."""

    name: str
    issuer: str
    subject: str
    audiences: tuple[str, ...]


def github(repository: str, ids: str | None, environment: str, issuer: str | None, name: str) -> Credential:
    """Trusts the jobs of one repository that run in a GitHub environment. Raises SpecError.

    `ids` is `OWNERID/REPOID`, for repositories whose subjects hold ids: those made, renamed or moved after 2026-07-15.
    """
    if _REPOSITORY.fullmatch(repository) is None:
        raise _refused("github", f"'{repository}' is not OWNER/REPO", "write it as in the repository's URL")
    owner, _, repo = repository.partition("/")
    if ids is not None:
        match = _IDS.fullmatch(ids)
        if match is None:
            raise _refused(
                "github-ids",
                f"'{ids}' is not OWNERID/REPOID",
                f"print them: gh api repos/{repository} --jq '\"\\(.owner.id)/\\(.id)\"'",
            )
        owner, repo = f"{owner}@{match[1]}", f"{repo}@{match[2]}"
    if not environment or not environment.isprintable():
        raise _refused("environment", "the GitHub environment has no name", "write --environment NAME")
    # GitHub writes a colon inside of a value as %3A.
    subject = f"repo:{owner}/{repo}:environment:{environment.replace(':', '%3A')}"
    return stated(issuer or GITHUB, subject, name)


def stated(issuer: str, subject: str, name: str) -> Credential:
    """Trusts a subject as it was given, word for word. Raises SpecError."""
    if re.fullmatch(r"https://[^\s/?#@]+(/[^\s?#]*)?", issuer) is None:
        raise _refused(
            "issuer", f"'{issuer}' is not an issuer", "write https://..., as the token's `iss` says it"
        )
    if not subject or not subject.isprintable() or subject != subject.strip():
        raise _refused("subject", f"'{subject}' is not a subject", "write it as the token's `sub` says it")
    if "*" in subject:
        raise _refused(
            "subject",
            f"'{subject}' holds a wildcard, and a credential matches letter by letter",
            "write one subject whole",
        )
    for key, value in (("issuer", issuer), ("subject", subject)):
        if len(value) > MAX_CHARACTERS:
            raise _refused(
                key, f"{len(value)} characters, and Azure takes {MAX_CHARACTERS}", "check what was pasted"
            )
    return Credential(name, issuer, subject, (AUDIENCE,))


def _refused(key: str, message: str, fix: str) -> SpecError:
    return SpecError(Finding(rule="deployer", key=key, message=message, fix=fix))
