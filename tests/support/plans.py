"""Plans for tests, built field by field; keywords of a builder change what matters to a test."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from keyless.plan import (
    AppPlan,
    ArmId,
    CacheAccess,
    ClusterAccess,
    DiagnosticSetting,
    FederatedCredential,
    ManagedIdentity,
    PrivateDnsZone,
    PrivateEndpoint,
    Ref,
    RoleAssignment,
    ServiceAccount,
    SharedPlan,
    StackPlan,
    WorkloadPatch,
)

TENANT = "00000000-0000-0000-0000-000000000001"
SUBSCRIPTION = "00000000-0000-0000-0000-000000000002"
OTHER_SUBSCRIPTION = "00000000-0000-0000-0000-000000000003"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
CLIENT_ID = Ref("identity.client_id")
PRINCIPAL_ID = Ref("identity.principal_id")
NETWORK = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net-dev/providers/Microsoft.Network/virtualNetworks/v"
)


def arm_id(type_: str, name: str, group: str = "rg-shop-dev", subscription: str = SUBSCRIPTION) -> ArmId:
    """An ARM id of a resource in a resource group."""
    text = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{type_}/{name}"
    return ArmId(text, subscription, group, type_, name)


def identity(app: str, **changes: Any) -> ManagedIdentity:
    """An identity that Keyless makes, not protected."""
    name = f"id-{app}-dev"
    values: dict[str, Any] = {
        "logical_name": f"{app}-identity",
        "id": arm_id("Microsoft.ManagedIdentity/userAssignedIdentities", name, "rg-identities-payments-dev"),
        "location": "koreacentral",
        "made": True,
        "protected": False,
        "tags": {"cost-center": "shop"},
    }
    return ManagedIdentity(**values | changes)


def credential(app: str, cluster: str = "aks-dev", **changes: Any) -> FederatedCredential:
    """A credential for the ServiceAccount named as the app, in namespace payments."""
    values: dict[str, Any] = {
        "logical_name": f"{app}-{cluster}-credential",
        "name": f"{app}-{cluster}",
        "cluster": cluster,
        "issuer": f"https://koreacentral.oic.prod-aks.azure.com/{TENANT}/{cluster}/",
        "subject": f"system:serviceaccount:payments:{app}",
        "audiences": ("api://AzureADTokenExchange",),
    }
    return FederatedCredential(**values | changes)


def role_assignment(app: str, container: str = "invoices", **changes: Any) -> RoleAssignment:
    """Blob read on one container of the account storders."""
    account = arm_id("Microsoft.Storage/storageAccounts", "storders")
    scope = f"{account.text}/blobServices/default/containers/{container}"
    roles = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
    values: dict[str, Any] = {
        "logical_name": f"{app}-orders-{container}-grant",
        "uses": (container,),
        "kind": "blob",
        "access": "read",
        "role": "Storage Blob Data Reader",
        "role_id": BLOB_READER,
        "role_definition_id": f"{roles}/{BLOB_READER}",
        "scope": scope,
        "subscription": SUBSCRIPTION,
        "assignment": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{app} {scope}")),
        "condition": None,
        "because": "the smallest role that reads blobs",
        "waiver": None,
        "wider": None,
    }
    return RoleAssignment(**values | changes)


def cache_access(app: str, cache: ArmId | None = None, **changes: Any) -> CacheAccess:
    """Access to an Azure Cache for Redis, or to database `default` where `cache` is a Managed Redis."""
    cache = cache or arm_id("Microsoft.Cache/redis", "redis-sessions")
    managed = cache.type.endswith("redisEnterprise")
    values: dict[str, Any] = {
        "logical_name": f"{app}-sessions-grant",
        "uses": ("sessions",),
        "kind": "redis",
        "access": "write",
        "cache": cache,
        "database": "default" if managed else None,
        "policy": "default" if managed else "Data Contributor",
        "assignment": f"{app}-dev",
        "because": "the smallest policy that writes",
        "waiver": None,
        "wider": None,
    }
    return CacheAccess(**values | changes)


def service_account(app: str, cluster: str = "aks-dev", **changes: Any) -> ServiceAccount:
    """A ServiceAccount that Keyless makes."""
    values: dict[str, Any] = {
        "logical_name": f"{app}-{cluster}-service-account",
        "cluster": cluster,
        "namespace": "payments",
        "name": app,
        "managed_by": "keyless",
        "labels": {"app.kubernetes.io/managed-by": "keyless"},
        "annotations": {"azure.workload.identity/client-id": CLIENT_ID},
    }
    return ServiceAccount(**values | changes)


def patch(app: str, cluster: str = "aks-dev", **changes: Any) -> WorkloadPatch:
    """A patch of the Deployment named as the app, with settings for its container `api`."""
    values: dict[str, Any] = {
        "logical_name": f"{app}-{cluster}-deployment-{app}",
        "cluster": cluster,
        "kind": "Deployment",
        "namespace": "payments",
        "name": app,
        "template_path": ("spec", "template"),
        "labels": {"azure.workload.identity/use": "true"},
        "annotations": {"keyless/identity": "3f2a"},
        "service_account": app,
        "containers": ("api",),
        "env": {"INVOICES_CONTAINER": "invoices", "SESSIONS_USERNAME": PRINCIPAL_ID},
    }
    return WorkloadPatch(**values | changes)


def app_plan(app: str = "checkout", **changes: Any) -> AppPlan:
    """An app in one cluster with one grant, its ServiceAccount and its patched Deployment."""
    values: dict[str, Any] = {
        "app": app,
        "team": "payments",
        "stack": "payments.dev",
        "environment": "dev",
        "identity": identity(app),
        "credentials": (credential(app),),
        "grants": (role_assignment(app),),
        "settings": {},
        "workloads": (),
        "service_accounts": (service_account(app),),
        "patches": (patch(app),),
    }
    return AppPlan(**values | changes)


def zone(name: str = "privatelink.blob.core.windows.net", **changes: Any) -> PrivateDnsZone:
    """A zone in rg-net-dev that the stack makes and links."""
    logical_name = name.replace(".", "-")
    values: dict[str, Any] = {
        "logical_name": f"{logical_name}-zone",
        "id": arm_id("Microsoft.Network/privateDnsZones", name, "rg-net-dev"),
        "link_logical_name": f"{logical_name}-link",
        "link_name": "vnet-dev",
        "virtual_network": NETWORK,
        "protected": False,
        "tags": {},
    }
    return PrivateDnsZone(**values | changes)


def private_endpoint(resource: str = "orders", **changes: Any) -> PrivateEndpoint:
    """A blob endpoint of storders, in one zone."""
    values: dict[str, Any] = {
        "logical_name": f"{resource}-blob-endpoint",
        "zone_group_logical_name": f"{resource}-blob-zone-group",
        "resource": resource,
        "stack": "dev",
        "name": f"pe-{resource}-blob-dev",
        "subscription": SUBSCRIPTION,
        "resource_group": "rg-net-dev",
        "location": "koreacentral",
        "subnet": f"{NETWORK}/subnets/endpoints",
        "target": arm_id("Microsoft.Storage/storageAccounts", "storders"),
        "group_id": "blob",
        "zones": (zone().id,),
        "used_by": ("checkout",),
        "protected": False,
        "tags": {},
    }
    return PrivateEndpoint(**values | changes)


def diagnostic_setting(resource: str = "orders", **changes: Any) -> DiagnosticSetting:
    """The blob logs of storders, to the workspace log-shop."""
    account = "Microsoft.Storage/storageAccounts"
    values: dict[str, Any] = {
        "logical_name": f"{resource}-audit",
        "resource": resource,
        "name": "keyless-dev",
        "target": replace(
            arm_id(account, "storders/blobServices/default"), type=f"{account}/blobServices", name="default"
        ),
        "workspace": arm_id("Microsoft.OperationalInsights/workspaces", "log-shop"),
        "categories": ("StorageDelete", "StorageRead"),
        "dedicated": False,
    }
    return DiagnosticSetting(**values | changes)


def stack_plan(*apps: AppPlan, **changes: Any) -> StackPlan:
    """The stack payments.dev with `apps`, one subscription and cluster aks-dev; it owns nothing shared."""
    values: dict[str, Any] = {
        "environment": "dev",
        "stack": "payments.dev",
        "team": "payments",
        "cloud": "public",
        "tenant": TENANT,
        "subscriptions": (SUBSCRIPTION,),
        "clusters": (ClusterAccess("aks-dev", "aks-dev-admin"),),
        "apps": apps,
        "shared": SharedPlan(zones=(), private_endpoints=(), postures=()),
        "manual": (),
    }
    return StackPlan(**values | changes)


def shared_plan(*endpoints: PrivateEndpoint, zones: tuple[PrivateDnsZone, ...] = ()) -> SharedPlan:
    """What an owner shares, without postures."""
    return SharedPlan(zones=zones, private_endpoints=endpoints, postures=())
