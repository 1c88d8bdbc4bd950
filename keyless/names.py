"""Names: of resources in Azure and in Pulumi's state. A contract: a changed name replaces what it names.

Same words in, same name out; what is too long for the service is cut and ends in a short hash of the whole.
"""

import hashlib
import re
import uuid

# Any fixed namespace does; it may never change, or every role assignment would be replaced.
_ASSIGNMENTS = uuid.uuid5(uuid.NAMESPACE_URL, "keyless:role-assignment:v1")


def shortened(name: str, limit: int) -> str:
    """`name` within `limit` characters; a longer one is cut and ends in 8 hex digits of its SHA-256."""
    if len(name) <= limit:
        return name
    return f"{name[: limit - 9].rstrip('-_.')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def logical(*words: str) -> str:
    """A Pulumi logical name: `<app>-<target>-<what>`."""
    return "-".join(words)


def credential(cluster: str, namespace: str, service_account: str) -> str:
    """Name of a federated credential: 3 to 120 letters, digits, `-` and `_`.

    `_` parts the words, since none of them can hold one. A dot of a ServiceAccount's name, which Azure does not
    take, becomes `-`; a hash of the whole then keeps `a.b` and `a-b` apart.
    """
    name = f"{cluster}_{namespace}_{service_account}"
    if "." not in name:
        return shortened(name, 120)
    return f"{name.replace('.', '-')[:111]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def role_assignment(identity: str, scope: str, role_id: str) -> str:
    """The GUID that names a role assignment, from the ids of identity, scope and role; unique in the tenant."""
    return str(uuid.uuid5(_ASSIGNMENTS, f"{identity}|{scope}|{role_id}".lower()))


def cache_access(app: str, environment: str) -> str:
    """Name of a Redis access policy assignment: at most 60 letters and digits, no hyphen on Managed Redis.

    Source: the name's pattern in the validation of terraform-provider-azurerm, read 2026-11.
    """
    digest = hashlib.sha256(f"{app}|{environment}".encode()).hexdigest()[:8]
    return re.sub(r"[^A-Za-z0-9]", "", f"{app}{environment}")[:52] + digest


def setting(use: str, suffix: str) -> str:
    """The name of a setting: the use's name in upper case, `-` as `_`, then the suffix."""
    return f"{use.upper().replace('-', '_')}_{suffix}"
