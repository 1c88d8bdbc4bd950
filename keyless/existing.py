"""Grants and credentials that exist: the planned one that an entry of the environment stands for, and what cannot be."""

from dataclasses import replace

from keyless.environment import AppOverride
from keyless.fields import GrantId
from keyless.plan import ArmId, CacheAccess, FederatedCredential, Grant, ManagedIdentity, RoleAssignment
from keyless.project import LoadedEnvironment
from keyless.wrongs import Wrong

Grants = dict[tuple[str, ...], Grant]


def refer_to_existing(
    app: str,
    override: AppOverride,
    environment: LoadedEnvironment,
    identity: ManagedIdentity,
    grants: Grants,
    wrong: Wrong,
) -> Grants:
    """`grants` by target, those that `override.grants` names referred to instead of made; what is wrong goes to `wrong`."""
    found = dict(grants)
    for use, written in sorted(override.grants.items()):
        target = next((key for key, grant in found.items() if use in grant.uses), None)
        if target is None:
            known = ", ".join(sorted(name for grant in grants.values() for name in grant.uses))
            told = ("unknown-use", f"the app has no use '{use}'", f"write one of: {known or '(it has none)'}")
        else:
            grant = found[target]
            unfit = _unfit(written, grant, grants[target], identity)
            if unfit is None:
                found[target] = replace(grant, made=False, assignment=written.name)
                continue
            told = unfit
        wrong.add_entry(environment, "apps", app, f"grants.{use}", told)
    return found


def _unfit(
    written: GrantId, grant: Grant, planned: Grant, identity: ManagedIdentity
) -> tuple[str, str, str] | None:
    """Rule, message and fix where the entry cannot stand for the grant, which another entry may already have changed."""
    if identity.made:
        return (
            "grant-without-identity",
            "Keyless makes the identity, so a grant that exists is another one's",
            "write `identity` too: the id of the identity that holds the grant; or remove the line",
        )
    if written.form != grant.form:
        what = "an access policy assignment" if grant.form == "CacheAccess" else "a role assignment"
        return (
            "grant-form",
            f"the use gets {what}, and this is the id of another thing",
            f"write the id of {what}",
        )
    if isinstance(grant, RoleAssignment) and grant.condition is not None:
        return (
            "grant-condition",
            "the use has a `prefix`, and whether the grant that exists is held to it cannot be read from here",
            "delete that grant and remove the line, so that Keyless makes one under the condition; or remove `prefix`",
        )
    scope = scope_of(grant)
    if written.scope.lower() != scope.lower():
        return (
            "grant-scope",
            f"the grant stands at {written.scope}, and the use needs one at {scope}",
            "name the grant at that scope, or remove the line: Keyless makes one",
        )
    if written.name == planned.assignment.lower():
        # Its own, read as another's: the engine would delete the one it made, which is the same one.
        return "own-grant", "this is the grant that Keyless makes for the use", "remove the line"
    if not grant.made and written.name != grant.assignment:
        return (
            "two-grants",
            f"'{', '.join(grant.uses)}' are of one target, so they are one grant, and two ids stand here",
            "keep one",
        )
    return None


def scope_of(grant: Grant) -> str:
    """Where a grant stands: its scope, or the cache or database that it lets into."""
    if not isinstance(grant, CacheAccess):
        return grant.scope
    return grant.cache.text if grant.database is None else f"{grant.cache.text}/databases/{grant.database}"


def refer_to_credentials(
    app: str,
    override: AppOverride,
    environment: LoadedEnvironment,
    identity: ManagedIdentity,
    credentials: tuple[FederatedCredential, ...],
    wrong: Wrong,
) -> tuple[FederatedCredential, ...]:
    """`credentials`, those that `override.credentials` names referred to instead of made; what is wrong goes to `wrong`."""
    found = {one.name: one for one in credentials}
    for name, written in sorted(override.credentials.items()):
        told = _unfit_credential(name, written, found, identity)
        if told is None:
            found[name] = replace(found[name], made=False, name=written.name)
        else:
            wrong.add_entry(environment, "apps", app, f"credentials.{name}", told)
    return tuple(found.values())


def _unfit_credential(
    name: str, written: ArmId, planned: dict[str, FederatedCredential], identity: ManagedIdentity
) -> tuple[str, str, str] | None:
    """Rule, message and fix where the entry cannot stand for the credential `name`."""
    if name not in planned:
        known = ", ".join(planned) or "(it has none)"
        return "unknown-credential", f"the app has no credential '{name}' here", f"write one of: {known}"
    if identity.made:
        return (
            "credential-without-identity",
            "Keyless makes the identity, so a credential that exists is another one's",
            "write `identity` too: the id of the identity that has the credential; or remove the line",
        )
    if written.key.rpartition("/federatedidentitycredentials/")[0] != identity.id.key:
        return (
            "foreign-credential",
            "the credential is another identity's",
            f"name one of {identity.id.text}, or remove the line: Keyless makes one",
        )
    if written.name.lower() == name.lower():
        # Its own, read as another's: the engine would delete the one it made, which is the same one.
        return "own-credential", "this is the credential that Keyless makes", "remove the line"
    return None
