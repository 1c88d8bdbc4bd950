"""An identity, a credential, a grant, a ServiceAccount and a patch, without any help of Keyless."""

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_azure_native import Provider, authorization, managedidentity

facts = pulumi.Config("keyless").require_object("environment")
subscription = facts["subscription"]
azure = pulumi.ResourceOptions(provider=Provider("azure", subscription_id=subscription))
cluster = pulumi.ResourceOptions(provider=kubernetes.Provider("aks-dev", context="aks-dev"))
identity = managedidentity.UserAssignedIdentity(
    "identity", resource_group_name="rg-payments", resource_name_="id-checkout", opts=azure
)
managedidentity.FederatedIdentityCredential(
    "credential",
    resource_group_name="rg-payments",
    resource_name_=identity.name,
    federated_identity_credential_resource_name="aks-dev",
    issuer=facts["clusters"][0]["issuer"],
    subject="system:serviceaccount:payments:checkout",
    audiences=["api://AzureADTokenExchange"],
    opts=azure,
)
authorization.RoleAssignment(
    "grant",
    role_assignment_name="5f2d4c1e-0000-4000-8000-000000000001",
    scope=facts["resources"]["orders"]["id"],
    # Storage Blob Data Reader
    role_definition_id=f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/"
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    principal_id=identity.principal_id,
    principal_type="ServicePrincipal",
    opts=azure,
)
kubernetes.core.v1.ServiceAccount(
    "account",
    metadata={
        "name": "checkout",
        "namespace": "payments",
        "annotations": {"azure.workload.identity/client-id": identity.client_id},
    },
    opts=cluster,
)
kubernetes.apps.v1.DeploymentPatch(
    "patch",
    metadata={"name": "checkout", "namespace": "payments", "annotations": {"pulumi.com/skipAwait": "true"}},
    spec={
        "template": {
            "metadata": {"labels": {"azure.workload.identity/use": "true"}},
            "spec": {"serviceAccountName": "checkout", "serviceAccount": "checkout"},
        }
    },
    opts=cluster,
)
pulumi.export("client_id", identity.client_id)
