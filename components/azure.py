"""The Azure resources that Keyless makes: a thin class a type, which sends what the SDK's class sends.

Same type tokens and wire names as `pulumi_azure_native`, so state written by either is read by the other; why
they are not that package's classes stands in docs/adr/0004.
"""

from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any, cast

import pulumi

VERSION = metadata.version("pulumi-azure-native")


# What the provider's option `environment` calls the clouds.
_CLOUDS = {"public": "public", "usgov": "usgovernment", "china": "china"}


class Provider(pulumi.ProviderResource):
    """Works in one subscription; as whom is the machine's: `az login`, OIDC or a managed identity."""

    def __init__(self, name: str, *, cloud: str, subscription: str, tenant: str) -> None:
        # Said aloud, for ARM_ENVIRONMENT would change it on one machine alone.
        inputs = {"environment": _CLOUDS[cloud], "subscriptionId": subscription, "tenantId": tenant}
        super().__init__("azure-native", name, inputs, pulumi.ResourceOptions(version=VERSION))


class _AzureResource(pulumi.CustomResource):
    """A resource whose inputs are wire names; absent ones are None or empty and are not sent."""

    def __init__(
        self,
        type_: str,
        name: str,
        inputs: Mapping[str, Any],
        opts: pulumi.ResourceOptions,
        outputs: Sequence[str] = (),
    ) -> None:
        opts.version = VERSION
        given = {key: value for key, value in inputs.items() if value not in (None, {}, [])}
        super().__init__(f"azure-native:{type_}", name, {**given, **dict.fromkeys(outputs)}, opts)


class Existing(_AzureResource):
    """A resource that is only read, by the id in `opts`, for the properties `outputs` of it."""

    def __init__(self, type_: str, name: str, opts: pulumi.ResourceOptions, outputs: Sequence[str]) -> None:
        super().__init__(type_, name, {}, opts, outputs)


class UserAssignedIdentity(_AzureResource):
    """A user-assigned managed identity. With `opts.id` it is read, and the inputs are not sent."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        resource_group: str | None = None,
        identity: str | None = None,
        location: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        inputs = {
            "resourceGroupName": resource_group,
            "resourceName": identity,
            "location": location,
            "tags": tags,
        }
        outputs = ("clientId", "principalId")
        super().__init__("managedidentity:UserAssignedIdentity", name, inputs, opts, outputs)

    @property
    def client_id(self) -> pulumi.Output[str]:
        """What a token is asked for: goes to ServiceAccounts."""
        return cast(pulumi.Output[str], pulumi.get(self, "clientId"))

    @property
    def principal_id(self) -> pulumi.Output[str]:
        """Who the identity is: goes to grants."""
        return cast(pulumi.Output[str], pulumi.get(self, "principalId"))


class FederatedIdentityCredential(_AzureResource):
    """Trust of an identity in the tokens of one issuer for one subject."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        resource_group: str,
        identity: str,
        credential: str,
        issuer: str,
        subject: str,
        audiences: Sequence[str],
    ) -> None:
        inputs = {
            "resourceGroupName": resource_group,
            "resourceName": identity,
            "federatedIdentityCredentialResourceName": credential,
            "issuer": issuer,
            "subject": subject,
            "audiences": list(audiences),
        }
        super().__init__("managedidentity:FederatedIdentityCredential", name, inputs, opts)


class RoleAssignment(_AzureResource):
    """A role given to a service principal at a scope; `assignment` is the GUID that names it."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        assignment: str,
        scope: str,
        role_definition_id: str,
        principal_id: pulumi.Input[str],
        description: str,
        condition: str | None,
    ) -> None:
        inputs = {
            "roleAssignmentName": assignment,
            "scope": scope,
            "roleDefinitionId": role_definition_id,
            "principalId": principal_id,
            # Without the type Azure asks its directory, which does not know an identity made a minute ago.
            "principalType": "ServicePrincipal",
            "description": description,
            "condition": condition,
            "conditionVersion": condition and "2.0",
        }
        super().__init__("authorization:RoleAssignment", name, inputs, opts)


class RedisAccessPolicyAssignment(_AzureResource):
    """Lets a principal into an Azure Cache for Redis under one of its access policies."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        resource_group: str,
        cache: str,
        assignment: str,
        policy: str,
        object_id: pulumi.Input[str],
        object_id_alias: str,
    ) -> None:
        inputs = {
            "resourceGroupName": resource_group,
            "cacheName": cache,
            "accessPolicyAssignmentName": assignment,
            "accessPolicyName": policy,
            "objectId": object_id,
            "objectIdAlias": object_id_alias,
        }
        super().__init__("redis:AccessPolicyAssignment", name, inputs, opts)


class ManagedRedisAccessPolicyAssignment(_AzureResource):
    """Lets a principal into a database of an Azure Managed Redis cluster."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        resource_group: str,
        cluster: str,
        database: str | None,
        assignment: str,
        policy: str,
        object_id: pulumi.Input[str],
    ) -> None:
        inputs = {
            "resourceGroupName": resource_group,
            "clusterName": cluster,
            "databaseName": database,
            "accessPolicyAssignmentName": assignment,
            "accessPolicyName": policy,
            "user": {"objectId": object_id},
        }
        super().__init__("redisenterprise:AccessPolicyAssignment", name, inputs, opts)


class PrivateZone(_AzureResource):
    """A private DNS zone."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        resource_group: str,
        zone: str,
        tags: Mapping[str, str],
    ) -> None:
        # Zones and links belong to no region; left out, the provider would put the group's.
        inputs = {
            "resourceGroupName": resource_group,
            "privateZoneName": zone,
            "location": "Global",
            "tags": tags,
        }
        super().__init__("privatedns:PrivateZone", name, inputs, opts)


class VirtualNetworkLink(_AzureResource):
    """Lets a virtual network resolve the names of a private DNS zone, and elsewhere those that it lacks."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        resource_group: str,
        zone: str,
        link: str,
        virtual_network: str,
        tags: Mapping[str, str],
    ) -> None:
        inputs = {
            "resourceGroupName": resource_group,
            "privateZoneName": zone,
            "virtualNetworkLinkName": link,
            "virtualNetwork": {"id": virtual_network},
            "registrationEnabled": False,
            # Else a resource of another network under the same suffix stops resolving with this link.
            "resolutionPolicy": "NxDomainRedirect",
            "location": "Global",
            "tags": tags,
        }
        super().__init__("privatedns:VirtualNetworkLink", name, inputs, opts)


class PrivateEndpoint(_AzureResource):
    """A network interface in a subnet that leads to one group of one resource."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        resource_group: str,
        endpoint: str,
        location: str,
        subnet: str,
        target: str,
        group_id: str,
        tags: Mapping[str, str],
    ) -> None:
        connection = {"name": endpoint, "groupIds": [group_id], "privateLinkServiceId": target}
        inputs = {
            "resourceGroupName": resource_group,
            "privateEndpointName": endpoint,
            "location": location,
            "subnet": {"id": subnet},
            "privateLinkServiceConnections": [connection],
            "tags": tags,
        }
        super().__init__("network:PrivateEndpoint", name, inputs, opts, ("networkInterfaces",))

    @property
    def network_interfaces(self) -> pulumi.Output[Any]:
        """Its interface: Azure names a new one for each endpoint, also where the endpoint's name is an old one."""
        return cast(pulumi.Output[Any], pulumi.get(self, "networkInterfaces"))


class PrivateDnsZoneGroup(_AzureResource):
    """Writes the address of a private endpoint into private DNS zones; `zones` is zone id by config name."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        resource_group: str,
        endpoint: str,
        group: str,
        zones: Mapping[str, str],
    ) -> None:
        inputs = {
            "resourceGroupName": resource_group,
            "privateEndpointName": endpoint,
            "privateDnsZoneGroupName": group,
            "privateDnsZoneConfigs": [{"name": key, "privateDnsZoneId": zone} for key, zone in zones.items()],
        }
        super().__init__("network:PrivateDnsZoneGroup", name, inputs, opts)


class DiagnosticSetting(_AzureResource):
    """Sends log categories of `target`, any ARM id, to a workspace; `dedicated` into the service's own tables."""

    def __init__(
        self,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        target: str,
        setting: str,
        workspace: str,
        categories: Sequence[str],
        destination: str | None,
    ) -> None:
        inputs = {
            "resourceUri": target,
            "name": setting,
            "workspaceId": workspace,
            "logs": [{"category": category, "enabled": True} for category in categories],
            "logAnalyticsDestinationType": destination,
        }
        super().__init__("monitor:DiagnosticSetting", name, inputs, opts)
