"""The resource types that the stand-in knows, with the inputs of pulumi-azure-native 3.29.0.

Names, versions and required inputs: the installed SDK. What replaces: facts §2.13 and the API descriptions.
"""

from __future__ import annotations

from sandbox.azure.rules.caches import MANAGED_NAME, CacheAccessRules, ManagedCacheAccessRules
from sandbox.azure.rules.diagnostics import DiagnosticRules
from sandbox.azure.rules.endpoints import EndpointRules, ZoneGroupRules
from sandbox.azure.rules.grants import AssignmentRules, LockRules
from sandbox.azure.rules.identities import CREDENTIAL_NAME, CredentialRules, IdentityRules
from sandbox.azure.rules.zones import LinkRules, ZoneRules
from sandbox.azure.schema import Property, ResourceType

GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
CONNECTION = {
    "name": "name",
    "groupIds": "properties.groupIds",
    "privateLinkServiceId": "properties.privateLinkServiceId",
    "requestMessage": "properties.requestMessage",
}
CONNECTION_ANSWERS = {
    "id": "id",
    "privateLinkServiceConnectionState": "properties.privateLinkServiceConnectionState",
    "provisioningState": "properties.provisioningState",
}
TAGS = Property("tags", "tags")


def resource_types(tenant: str) -> dict[str, ResourceType]:
    """Every type by its token; identities belong to `tenant`."""
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{{resourceName}}"
    types = (
        ResourceType(
            "azure-native:managedidentity:UserAssignedIdentity",
            identity,
            "2023-01-31",
            (
                Property("location", "location", required=True, replaces=True),
                TAGS,
                *_answers("clientId", "principalId", "tenantId"),
            ),
            IdentityRules(tenant),
        ),
        ResourceType(
            "azure-native:managedidentity:FederatedIdentityCredential",
            f"{identity}/federatedIdentityCredentials/{{federatedIdentityCredentialResourceName}}",
            "2023-01-31",
            (
                Property(
                    "federatedIdentityCredentialResourceName",
                    required=True,
                    replaces=True,
                    pattern=CREDENTIAL_NAME,
                ),
                *_required("issuer", "subject", "audiences"),
            ),
            CredentialRules(),
        ),
        ResourceType(
            "azure-native:authorization:RoleAssignment",
            "/{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
            "2022-04-01",
            (
                Property("principalId", "properties.principalId", required=True, replaces=True),
                Property("roleDefinitionId", "properties.roleDefinitionId", required=True, replaces=True),
                *_optional(
                    "principalType",
                    "condition",
                    "conditionVersion",
                    "description",
                    "delegatedManagedIdentityResourceId",
                ),
                *_answers("scope"),
            ),
            AssignmentRules(),
            naming="uuid",
        ),
        ResourceType(
            "azure-native:authorization:ManagementLockByScope",
            "/{scope}/providers/Microsoft.Authorization/locks/{lockName}",
            "2020-05-01",
            (*_required("level"), *_optional("notes", "owners")),
            LockRules(),
        ),
        ResourceType(
            "azure-native:monitor:DiagnosticSetting",
            "/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}",
            "2021-05-01-preview",
            (
                *_optional(
                    "workspaceId",
                    "storageAccountId",
                    "eventHubAuthorizationRuleId",
                    "eventHubName",
                    "logAnalyticsDestinationType",
                    "marketplacePartnerId",
                    "metrics",
                ),
                Property(
                    "logs",
                    "properties.logs",
                    items={name: name for name in ("category", "categoryGroup", "enabled")},
                    answered={"retentionPolicy": "retentionPolicy"},
                ),
            ),
            DiagnosticRules(),
        ),
        *_caches(),
        *_network(),
    )
    return {one.token: one for one in types}


def _caches() -> tuple[ResourceType, ...]:
    name = "accessPolicyAssignmentName"
    classic = f"{GROUP}/providers/Microsoft.Cache/redis/{{cacheName}}"
    managed = f"{GROUP}/providers/Microsoft.Cache/redisEnterprise/{{clusterName}}/databases/{{databaseName}}"
    state = _answers("provisioningState")
    return (
        ResourceType(
            "azure-native:redis:AccessPolicyAssignment",
            f"{classic}/accessPolicyAssignments/{{{name}}}",
            "2024-11-01",
            (*_required("accessPolicyName", "objectId", "objectIdAlias"), *state),
            CacheAccessRules(),
        ),
        ResourceType(
            "azure-native:redisenterprise:AccessPolicyAssignment",
            f"{managed}/accessPolicyAssignments/{{{name}}}",
            "2025-07-01",
            (
                Property(name, required=True, replaces=True, pattern=MANAGED_NAME),
                *_required("accessPolicyName", "user"),
                *state,
            ),
            ManagedCacheAccessRules(),
        ),
    )


def _network() -> tuple[ResourceType, ...]:
    endpoint = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/{{privateEndpointName}}"
    zone = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/{{privateZoneName}}"
    location = Property("location", "location", required=True, replaces=True)
    return (
        ResourceType(
            "azure-native:network:PrivateEndpoint",
            endpoint,
            "2024-05-01",
            (
                location,
                TAGS,
                *_optional("subnet", "customNetworkInterfaceName", "customDnsConfigs", "ipConfigurations"),
                _connections("privateLinkServiceConnections"),
                _connections("manualPrivateLinkServiceConnections"),
                *_answers("networkInterfaces", "provisioningState"),
            ),
            EndpointRules(),
        ),
        ResourceType(
            "azure-native:network:PrivateDnsZoneGroup",
            f"{endpoint}/privateDnsZoneGroups/{{privateDnsZoneGroupName}}",
            "2024-05-01",
            (
                Property(
                    "privateDnsZoneConfigs",
                    "properties.privateDnsZoneConfigs",
                    items={"name": "name", "privateDnsZoneId": "properties.privateDnsZoneId"},
                    answered={"recordSets": "properties.recordSets"},
                ),
                *_answers("provisioningState"),
            ),
            ZoneGroupRules(),
        ),
        ResourceType(
            "azure-native:privatedns:PrivateZone",
            zone,
            "2024-06-01",
            (location, TAGS, *_answers("provisioningState")),
            ZoneRules(),
        ),
        ResourceType(
            "azure-native:privatedns:VirtualNetworkLink",
            f"{zone}/virtualNetworkLinks/{{virtualNetworkLinkName}}",
            "2024-06-01",
            (
                location,
                TAGS,
                Property("virtualNetwork", "properties.virtualNetwork", replaces=True),
                *_optional("registrationEnabled", "resolutionPolicy"),
                *_answers("provisioningState", "virtualNetworkLinkState"),
            ),
            LinkRules(),
        ),
    )


def _required(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name, f"properties.{name}", required=True) for name in names)


def _optional(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name, f"properties.{name}") for name in names)


def _answers(*names: str) -> tuple[Property, ...]:
    return tuple(Property(name, f"properties.{name}", output_only=True) for name in names)


def _connections(name: str) -> Property:
    return Property(name, f"properties.{name}", items=CONNECTION, answered=CONNECTION_ANSWERS)
