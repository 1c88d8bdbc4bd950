"""The condition on a deployer's right to assign roles: these roles, to these principals, and to no user or group.

What is written is asked of the request, what is deleted of the resource: two blocks, always both. Source: azure-docs,
delegate-role-assignments-examples, read 2026-11.
"""

from collections.abc import Sequence

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
MAX_BYTES = 8 * 1024  # azure-docs, conditions-faq


def grant_condition(roles: Sequence[str], principals: Sequence[str], never: str | None) -> str:
    """Roles and principals are GUIDs, bare. Without principals any service principal will do, but `never` that one."""
    return " AND ".join(
        f"((!(ActionMatches{{'{ASSIGNMENTS}/{verb}'}})) OR {_allowed(source, roles, principals, never)})"
        for verb, source in (("write", "Request"), ("delete", "Resource"))
    )


def fits(condition: str) -> bool:
    """Whether Azure takes a condition of this length."""
    return len(condition.encode()) <= MAX_BYTES


def _allowed(source: str, roles: Sequence[str], principals: Sequence[str], never: str | None) -> str:
    def attribute(name: str) -> str:
        return f"@{source}[{ASSIGNMENTS}:{name}]"

    text = (
        f"({attribute('RoleDefinitionId')} ForAnyOfAnyValues:GuidEquals {{{', '.join(sorted(roles))}}}"
        f" AND {attribute('PrincipalType')} ForAnyOfAnyValues:StringEqualsIgnoreCase {{'ServicePrincipal'}})"
    )
    if principals:
        listed = ", ".join(sorted(principals))
        text = f"({text} AND {attribute('PrincipalId')} ForAnyOfAnyValues:GuidEquals {{{listed}}})"
    elif never is not None:
        text = f"({text} AND {attribute('PrincipalId')} ForAnyOfAllValues:GuidNotEquals {{{never}}})"
    return text
