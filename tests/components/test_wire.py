"""Our thin resource classes send what the SDK's own classes send: same token, inputs and version.

So a state written by one is read by the other, and the engine fetches the plugin that the SDK would ask for.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_azure_native as sdk_azure
import pulumi_kubernetes as sdk_kubernetes
import pytest
from pulumi_azure_native import (
    authorization,
    managedidentity,
    monitor,
    network,
    privatedns,
    redis,
    redisenterprise,
)

from components import azure, kubernetes
from tests.support.synth import Registered, synth

Options = pulumi.ResourceOptions
TAGS = {"cost-center": "shop"}
SPEC = {"template": {"spec": {"serviceAccountName": "a", "containers": [{"name": "c", "env": []}]}}}
METADATA = {"namespace": "n", "name": "a", "labels": {"x": "y"}, "annotations": {"a.b/c-d": "e"}}

# By type token: ours, and the SDK's, of the same values.
RESOURCES: Mapping[str, tuple[Callable[[], object], Callable[[], object]]] = {
    "azure-native:managedidentity:UserAssignedIdentity": (
        lambda: azure.UserAssignedIdentity(
            "x", Options(), resource_group="rg", identity="id", location="koreacentral", tags=TAGS
        ),
        lambda: managedidentity.UserAssignedIdentity(
            "x", resource_group_name="rg", resource_name_="id", location="koreacentral", tags=TAGS
        ),
    ),
    "azure-native:managedidentity:FederatedIdentityCredential": (
        lambda: azure.FederatedIdentityCredential(
            "x",
            Options(),
            resource_group="rg",
            identity="id",
            credential="fic",
            issuer="https://issuer/",
            subject="system:serviceaccount:n:a",
            audiences=("api://AzureADTokenExchange",),
        ),
        lambda: managedidentity.FederatedIdentityCredential(
            "x",
            resource_group_name="rg",
            resource_name_="id",
            federated_identity_credential_resource_name="fic",
            issuer="https://issuer/",
            subject="system:serviceaccount:n:a",
            audiences=["api://AzureADTokenExchange"],
        ),
    ),
    "azure-native:authorization:RoleAssignment": (
        lambda: azure.RoleAssignment(
            "x",
            Options(),
            assignment="guid",
            scope="/scope",
            role_definition_id="/role",
            principal_id="principal",
            description="why",
            condition="@Resource",
        ),
        lambda: authorization.RoleAssignment(
            "x",
            role_assignment_name="guid",
            scope="/scope",
            role_definition_id="/role",
            principal_id="principal",
            principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
            description="why",
            condition="@Resource",
            condition_version="2.0",
        ),
    ),
    "azure-native:redis:AccessPolicyAssignment": (
        lambda: azure.RedisAccessPolicyAssignment(
            "x",
            Options(),
            resource_group="rg",
            cache="c",
            assignment="a",
            policy="Data Reader",
            object_id="o",
            object_id_alias="id",
        ),
        lambda: redis.AccessPolicyAssignment(
            "x",
            resource_group_name="rg",
            cache_name="c",
            access_policy_assignment_name="a",
            access_policy_name="Data Reader",
            object_id="o",
            object_id_alias="id",
        ),
    ),
    "azure-native:redisenterprise:AccessPolicyAssignment": (
        lambda: azure.ManagedRedisAccessPolicyAssignment(
            "x",
            Options(),
            resource_group="rg",
            cluster="c",
            database="default",
            assignment="a",
            policy="default",
            object_id="o",
        ),
        lambda: redisenterprise.AccessPolicyAssignment(
            "x",
            resource_group_name="rg",
            cluster_name="c",
            database_name="default",
            access_policy_assignment_name="a",
            access_policy_name="default",
            user=redisenterprise.AccessPolicyAssignmentPropertiesUserArgs(object_id="o"),
        ),
    ),
    "azure-native:privatedns:PrivateZone": (
        lambda: azure.PrivateZone("x", Options(), resource_group="rg", zone="z.net", tags=TAGS),
        lambda: privatedns.PrivateZone(
            "x", resource_group_name="rg", private_zone_name="z.net", location="Global", tags=TAGS
        ),
    ),
    "azure-native:privatedns:VirtualNetworkLink": (
        lambda: azure.VirtualNetworkLink(
            "x", Options(), resource_group="rg", zone="z.net", link="l", virtual_network="/v", tags=TAGS
        ),
        lambda: privatedns.VirtualNetworkLink(
            "x",
            resource_group_name="rg",
            private_zone_name="z.net",
            virtual_network_link_name="l",
            virtual_network=privatedns.SubResourceArgs(id="/v"),
            registration_enabled=False,
            resolution_policy=privatedns.ResolutionPolicy.NX_DOMAIN_REDIRECT,
            location="Global",
            tags=TAGS,
        ),
    ),
    "azure-native:network:PrivateEndpoint": (
        lambda: azure.PrivateEndpoint(
            "x",
            Options(),
            resource_group="rg",
            endpoint="pe",
            location="koreacentral",
            subnet="/s",
            target="/t",
            group_id="blob",
            tags=TAGS,
        ),
        lambda: network.PrivateEndpoint(
            "x",
            resource_group_name="rg",
            private_endpoint_name="pe",
            location="koreacentral",
            # As a dictionary: the class adds policies of a subnet, which a reference to one does not have.
            subnet={"id": "/s"},
            private_link_service_connections=[
                network.PrivateLinkServiceConnectionArgs(
                    name="pe", group_ids=["blob"], private_link_service_id="/t"
                )
            ],
            tags=TAGS,
        ),
    ),
    "azure-native:network:PrivateDnsZoneGroup": (
        lambda: azure.PrivateDnsZoneGroup(
            "x", Options(), resource_group="rg", endpoint="pe", group="default", zones={"z-net": "/z"}
        ),
        lambda: network.PrivateDnsZoneGroup(
            "x",
            resource_group_name="rg",
            private_endpoint_name="pe",
            private_dns_zone_group_name="default",
            private_dns_zone_configs=[
                network.PrivateDnsZoneConfigArgs(name="z-net", private_dns_zone_id="/z")
            ],
        ),
    ),
    "azure-native:monitor:DiagnosticSetting": (
        lambda: azure.DiagnosticSetting(
            "x",
            Options(),
            target="/t",
            setting="keyless-dev",
            workspace="/w",
            categories=("AuditEvent",),
            destination="Dedicated",
        ),
        lambda: monitor.DiagnosticSetting(
            "x",
            resource_uri="/t",
            name="keyless-dev",
            workspace_id="/w",
            logs=[monitor.DiagnosticsLogSettingsArgs(category="AuditEvent", enabled=True)],
            log_analytics_destination_type="Dedicated",
        ),
    ),
} | {
    f"kubernetes:{type_}": (
        lambda type_=type_, kind=kind, body=body: kubernetes.Object(
            type_, "x", Options(), kind=kind, metadata=METADATA, body=body
        ),
        lambda make=make, body=body: make("x", metadata=METADATA, **body),
    )
    for type_, kind, make, body in (
        ("core/v1:ServiceAccount", "ServiceAccount", sdk_kubernetes.core.v1.ServiceAccount, {}),
        ("core/v1:ServiceAccountPatch", "ServiceAccount", sdk_kubernetes.core.v1.ServiceAccountPatch, {}),
        ("apps/v1:DeploymentPatch", "Deployment", sdk_kubernetes.apps.v1.DeploymentPatch, {"spec": SPEC}),
        ("apps/v1:StatefulSetPatch", "StatefulSet", sdk_kubernetes.apps.v1.StatefulSetPatch, {"spec": SPEC}),
        ("apps/v1:DaemonSetPatch", "DaemonSet", sdk_kubernetes.apps.v1.DaemonSetPatch, {"spec": SPEC}),
        (
            "batch/v1:CronJobPatch",
            "CronJob",
            sdk_kubernetes.batch.v1.CronJobPatch,
            {"spec": {"jobTemplate": {"spec": SPEC}}},
        ),
    )
}


def sent(one: Registered) -> dict[str, Any]:
    """What of a registration must be equal."""
    return {
        "type": one.type,
        "inputs": one.inputs,
        "version": one.request.version,
        "plugin": one.request.pluginDownloadURL,
    }


@pytest.mark.parametrize("token", RESOURCES)
def test_a_resource_sends_what_the_class_of_the_sdk_sends(token: str) -> None:
    ours, theirs = (synth(program).one(token) for program in map(called, RESOURCES[token]))
    assert sent(ours) == sent(theirs)


def called(make: Callable[[], object]) -> Callable[[], None]:
    """A program that makes one resource."""

    def program() -> None:
        make()

    return program


def test_an_identity_is_read_as_the_sdk_reads_it() -> None:
    id_ = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
    ours, theirs = (
        synth(called(make)).one("UserAssignedIdentity")
        for make in (
            lambda: azure.UserAssignedIdentity("x", Options(id=id_)),
            lambda: managedidentity.UserAssignedIdentity.get("x", id=id_),
        )
    )
    assert ours.read
    assert sent(ours) == sent(theirs)
    assert ours.request.id == theirs.request.id == id_  # type: ignore[union-attr]


def test_the_azure_provider_sends_what_the_sdk_sends() -> None:
    ours = synth(called(lambda: azure.Provider("x", cloud="usgov", subscription="s", tenant="t"))).one(
        "azure-native"
    )
    theirs = synth(
        called(
            lambda: sdk_azure.Provider("x", environment="usgovernment", subscription_id="s", tenant_id="t")
        )
    ).one("azure-native")
    assert sent(ours) == sent(theirs)


def test_the_kubernetes_provider_sends_what_the_sdk_sends_but_no_path_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/someone/.kube/config")
    ours = synth(called(lambda: kubernetes.Provider("x", context="c"))).one("kubernetes")
    theirs = synth(
        called(
            lambda: sdk_kubernetes.Provider(
                "x",
                context="c",
                enable_server_side_apply=True,
                enable_patch_force=False,
                upsert_existing_objects=False,
            )
        )
    ).one("kubernetes")
    assert theirs.inputs.pop("kubeconfig") == "/home/someone/.kube/config"
    assert sent(ours) == sent(theirs)
