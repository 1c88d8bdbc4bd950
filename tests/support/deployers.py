"""A deployer's JSON put into a stand-in cloud, as the owner of the subscription would run its commands."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from sandbox import store
from sandbox.azure.arm import Arm
from sandbox.azure.cloud import Cloud
from sandbox.azure.rules.identities import identifiers
from sandbox.azure.types import resource_types
from sandbox.faults import Faults

AUTHORIZATION = "providers/Microsoft.Authorization"
ASSIGNMENT = resource_types("")["azure-native:authorization:RoleAssignment"]


def apply(folder: Path, deployer: dict[str, Any], without: tuple[str, str] | None = None) -> str:
    """Make identity, roles and assignments in the cloud of `folder`; the identity's client id.

    `without` is a role's purpose and an action that it is to lack. The assignments go by the rules of ARM.
    """
    identity = deployer["identity"]
    group = f"/subscriptions/{identity['subscription']}/resourceGroups/{identity['resource_group']}"
    known = identifiers(identity["id"], 1)
    bodies = [
        {"id": group, "type": "Microsoft.Resources/resourceGroups", "location": identity["location"]},
        {
            "id": identity["id"],
            "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
            "location": identity["location"],
            "properties": known,
        },
    ]
    for role in deployer["roles"]:
        actions = [one for one in role["actions"] if (role["purpose"], one) != without]
        subscription = role["assignable_scopes"][0].split("/")[2]
        bodies.append(
            {
                "id": f"/subscriptions/{subscription}/{AUTHORIZATION}/roleDefinitions/{role['id']}",
                "type": "Microsoft.Authorization/roleDefinitions",
                "properties": {
                    "roleName": role["name"],
                    "assignableScopes": role["assignable_scopes"],
                    "permissions": [{"actions": actions}],
                },
            }
        )
    with closing(store.connect(folder)) as connection, store.transaction(connection):
        for body in bodies:
            Cloud(connection).put({"name": body["id"].rpartition("/")[2], **body})
    owner = Arm(folder, Faults(folder, ""))
    for one in deployer["assignments"]:
        subscription = one["scope"].split("/")[2]
        properties = {
            "principalId": known["principalId"],
            "principalType": "ServicePrincipal",
            "roleDefinitionId": f"/subscriptions/{subscription}/{AUTHORIZATION}/roleDefinitions/{one['role_id']}",
            "condition": one["condition"],
            "conditionVersion": one["condition_version"],
        }
        owner.put(
            ASSIGNMENT,
            f"{one['scope']}/{AUTHORIZATION}/roleAssignments/{one['id']}",
            {"properties": properties},
            create=True,
        )
    return known["clientId"]
