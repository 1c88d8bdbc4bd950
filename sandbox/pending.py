"""Mends an exported state after a crash: a create that was under way becomes a resource, by the id that it must have.

    pulumi stack export -s STACK | python -m sandbox.pending | pulumi stack import -s STACK
    pulumi refresh -s STACK

The refresh then takes out what the cloud does not have. Works on real stacks too. Pulumi 3.259's own
`refresh --import-pending-creates URN ID` forgets the resource instead of importing it (seen; the engine has no code
that reads such an operation back).
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from typing import Any

Mapping = dict[str, Any]

GROUP = "/subscriptions/{subscription}/resourceGroups/{resourceGroupName}/providers/"
IDENTITY = GROUP + "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}"
ENDPOINT = GROUP + "Microsoft.Network/privateEndpoints/{privateEndpointName}"
ZONE = GROUP + "Microsoft.Network/privateDnsZones/{privateZoneName}"
CACHE = GROUP + "Microsoft.Cache/redis/{cacheName}"
DATABASE = GROUP + "Microsoft.Cache/redisEnterprise/{clusterName}/databases/{databaseName}"
POLICY = "/accessPolicyAssignments/{accessPolicyAssignmentName}"
# Ids of the types that Keyless makes, from their inputs. Source: ARM path of each type, pulumi-azure-native 3.29.0.
IDS = {
    "azure-native:managedidentity:UserAssignedIdentity": IDENTITY,
    "azure-native:managedidentity:FederatedIdentityCredential": IDENTITY
    + "/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}",
    "azure-native:authorization:RoleAssignment": "{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
    "azure-native:authorization:ManagementLockByScope": "{scope}/providers/Microsoft.Authorization/locks/{lockName}",
    "azure-native:monitor:DiagnosticSetting": "{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
    "azure-native:redis:AccessPolicyAssignment": CACHE + POLICY,
    "azure-native:redisenterprise:AccessPolicyAssignment": DATABASE + POLICY,
    "azure-native:network:PrivateEndpoint": ENDPOINT,
    "azure-native:network:PrivateDnsZoneGroup": ENDPOINT + "/privateDnsZoneGroups/{privateDnsZoneGroupName}",
    "azure-native:privatedns:PrivateZone": ZONE,
    "azure-native:privatedns:VirtualNetworkLink": ZONE + "/virtualNetworkLinks/{virtualNetworkLinkName}",
}
# Keyless's own dynamic resource; its id is a name and no path.
POSTURE = "pulumi-python:dynamic/keyless:Posture"
FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Mended:
    """What became of the pending creates: `(urn, id)` of each that was taken in, and `(urn, why)` of the others.

    `renewed` are postures that were being updated, and whose inputs are now those of the update.
    """

    taken_in: tuple[tuple[str, str], ...]
    left: tuple[tuple[str, str], ...]
    renewed: tuple[tuple[str, str], ...] = ()


def mend(exported: Mapping) -> Mended:
    """Turn pending creates of an export (changed in place) into resources; what has no known id stays pending."""
    deployment = exported["deployment"]
    resources: list[Mapping] = deployment.get("resources") or []
    kept: list[Mapping] = []
    taken_in: list[tuple[str, str]] = []
    left: list[tuple[str, str]] = []
    renewed: list[tuple[str, str]] = []
    for operation in deployment.get("pending_operations") or []:
        resource: Mapping = operation["resource"]
        if operation["type"] != "creating":
            if operation["type"] == "updating" and resource["type"] == POSTURE:
                keep_record(resource, resources)
                renewed.append((resource["urn"], str(resource["inputs"]["resource"])))
            else:
                kept.append(operation)
            continue
        try:
            resource_id = id_of(resource, resources)
        except ValueError as error:
            kept.append(operation)
            left.append((resource["urn"], str(error)))
            continue
        outputs = resource.get("outputs") or resource["inputs"]
        take_in({**resource, "id": resource_id, "outputs": outputs}, resources)
        taken_in.append((resource["urn"], resource_id))
    deployment["pending_operations"] = kept or None
    return Mended(tuple(taken_in), tuple(left), tuple(renewed))


def keep_record(resource: Mapping, resources: list[Mapping]) -> None:
    """Give a posture that was being updated its new inputs: they note which rules stood there before the update."""
    for older in resources:
        if older["urn"] == resource["urn"]:
            older["inputs"] = resource["inputs"]


def take_in(resource: Mapping, resources: list[Mapping]) -> None:
    """Put `resource` where Pulumi wants it: behind all that it depends on, before all that depends on it.

    Whatever it depends on was complete before its creation began, and what is complete stands first. Of a
    replacement the older half is there too, in front of its dependents. Deleted before, it is pending replacement and
    goes; else it is the one to delete, and Pulumi wants that behind the new one (`Snapshot.VerifyIntegrity`).
    """
    older = [one for one in resources if one["urn"] == resource["urn"]]
    place = resources.index(older[0]) if older else len(resources)
    for one in older:
        if one.pop("pendingReplacement", False):
            resources.remove(one)
        else:
            one["delete"] = True
    resources.insert(place, resource)


def id_of(resource: Mapping, resources: list[Mapping]) -> str:
    """The id that the provider would have given. Raises ValueError where type or inputs do not tell."""
    inputs: Mapping = resource.get("inputs") or {}
    if resource["type"].startswith("kubernetes:"):
        metadata: Mapping = inputs.get("metadata") or {}
        if not metadata.get("name"):
            raise ValueError("its name is not among its inputs")
        space = metadata.get("namespace")
        return f"{space}/{metadata['name']}" if space else str(metadata["name"])
    if resource["type"] == POSTURE:
        return str(inputs["resource"])
    template = IDS.get(resource["type"])
    if template is None:
        raise ValueError(f"the id of a {resource['type']} cannot be worked out here")
    values = {**inputs, "subscription": subscription_of(resource, resources)}
    missing = [name for name in FIELD.findall(template) if not isinstance(values.get(name), str)]
    if missing:
        raise ValueError(f"its inputs lack {', '.join(missing)}")
    # An Azure scope may be written with a slash in front or without; an id begins with exactly one.
    return "/" + FIELD.sub(lambda match: values[match[1]], template).lstrip("/")


def subscription_of(resource: Mapping, resources: list[Mapping]) -> str | None:
    """The subscription that the resource's provider is configured with, if it names one."""
    # A provider reference is its URN, two colons and its id.
    urn = str(resource.get("provider")).rpartition("::")[0]
    for one in resources:
        if one["urn"] == urn:
            return (one.get("inputs") or {}).get("subscriptionId")
    return None


def main() -> int:
    """Read an export on stdin, write the mended one to stdout, say on stderr what was done."""
    try:
        exported = json.load(sys.stdin)
        mended = mend(exported)
    except (ValueError, KeyError, TypeError) as error:
        print(f"pending: stdin is not what `pulumi stack export` prints: {error!r}", file=sys.stderr)
        return 2
    json.dump(exported, sys.stdout, indent=4)
    print()
    for urn, resource_id in mended.taken_in:
        print(f"pending: {urn}\n  taken in as {resource_id}", file=sys.stderr)
    for urn, _ in mended.renewed:
        print(f"pending: {urn}\n  has the inputs of its update", file=sys.stderr)
    for urn, why in mended.left:
        print(
            f"pending: {urn}\n  still pending: {why}\n  fix: pulumi refresh, which asks for its id",
            file=sys.stderr,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
