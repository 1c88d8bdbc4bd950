"""SecretProviderClasses: the secrets that must remain, brought into pods by the Secrets Store CSI driver as the app's identity.

Fields as the driver's Azure provider documents them for workload identity, read 2026-11.
"""

from collections.abc import Iterator

from keyless import names
from keyless.catalogue import entry
from keyless.plan import AppPlan, RoleAssignment, StackPlan

_HEAD = """\
# {app}: its secrets of the vault {vault}, read as its own identity. Needs the Secrets Store CSI driver with the Azure provider.
# In the pod: volumes: [{{name: {name}, csi: {{driver: secrets-store.csi.k8s.io, readOnly: true,
#   volumeAttributes: {{secretProviderClass: {name}}}}}}}]
"""
# In quotes, since names such as `0815` or `yes` would be no texts to YAML.
_CLASS = """\
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata:
  name: {name}
  namespace: "{namespace}"
spec:
  provider: azure
  parameters:
    usePodIdentity: "false"
    useVMManagedIdentity: "false"
    clientID: "{client_id}"
    keyvaultName: "{vault}"
    tenantId: "{tenant}"
{cloud}    objects: |
      array:
"""
_OBJECT = """\
        - |
          objectName: "{secret}"
          objectType: secret
"""


def secret_provider_files(stack: StackPlan, app: AppPlan, client_id: str | None) -> dict[str, str]:
    """File name to text: one file for each vault that the app uses, with a class for each namespace it runs in.

    `client_id` is the app's, from ids/<stack>.yaml. None gives no file, for a class without one would sign in
    as nobody: `secret_providers_lack` says what to do.
    """
    if client_id is None:
        return {}
    return {
        f"secret-provider-{vault}.yaml": _file(stack, app, vault, secrets, client_id)
        for vault, secrets in _secrets(app).items()
    }


def secret_providers_lack(app: AppPlan, client_id: str | None) -> str | None:
    """What is to be done before the app's classes can be rendered; None where nothing is, or there are none."""
    if client_id is not None or not _secrets(app):
        return None
    vaults = ", ".join(_secrets(app))
    return (
        f"run up first: the SecretProviderClass of {app.app} for {vaults} holds the identity's client id; then"
        f" pulumi stack output --json -s {app.stack} | keyless ids {app.stack}"
    )


def _secrets(app: AppPlan) -> dict[str, tuple[str, ...]]:
    """Names of secrets by vault, both sorted."""
    found: dict[str, set[str]] = {}
    for grant in app.grants:
        if grant.kind == "keyvault" and isinstance(grant, RoleAssignment):
            # .../vaults/<vault>, and /secrets/<secret> unless a waiver gave the whole vault.
            vault = grant.scope.split("/")[8].lower()
            for use in grant.uses:
                found.setdefault(vault, set()).add(str(app.settings[names.setting(use, "SECRET")]))
    return {vault: tuple(sorted(secrets)) for vault, secrets in sorted(found.items())}


def _file(stack: StackPlan, app: AppPlan, vault: str, secrets: tuple[str, ...], client_id: str) -> str:
    name = f"{app.app}-{vault}"
    return _HEAD.format(app=app.app, vault=vault, name=name) + "---\n".join(
        _classes(stack, app, name, vault, secrets, client_id)
    )


def _classes(
    stack: StackPlan, app: AppPlan, name: str, vault: str, secrets: tuple[str, ...], client_id: str
) -> Iterator[str]:
    cloud = entry("keyvault").targets["keyvault"].driver_clouds.get(stack.cloud)
    for namespace in sorted({workload.namespace for workload in app.workloads}):
        yield _CLASS.format(
            name=name,
            namespace=namespace,
            client_id=client_id,
            vault=vault,
            tenant=stack.tenant,
            cloud=f"    cloudName: {cloud}\n" if cloud else "",
        ) + "".join(_OBJECT.format(secret=secret) for secret in secrets)
