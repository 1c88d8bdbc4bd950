"""keyvault: one secret of a key vault, for what cannot do without a secret."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from keyless.errors import ResourceError
from keyless.fields import Word, arm_id_of
from keyless.finding import Finding
from keyless.plan import ArmId
from keyless.resource import Resource, host
from keyless.use import Binding, RoleGrant, Use

SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,127}$")]
"""1 to 127 letters, digits and hyphens."""


class Vault(Resource):
    """A key vault."""

    serves: ClassVar = ("keyvault",)
    catalogued: ClassVar = "keyvault"
    kind: Literal["keyvault"]
    id: Annotated[ArmId, arm_id_of("Microsoft.KeyVault/vaults")]
    authorization: Literal["rbac", "access-policy"] = "rbac"
    """How the vault decides. With `access-policy` roles do nothing, so no app can use it."""


class KeyVault(Use):
    """Reads one secret."""

    resource_field: ClassVar = "vault"
    scopes: ClassVar = ("vault",)
    kind: Literal["keyvault"]
    vault: Word
    """Logical name of a `keyvault` resource."""
    secret: SecretName
    """The secret's name."""
    access: Literal["read"]

    def bind(self, resource: Vault, cloud: str) -> Binding:
        """One grant at the secret, at the vault only by a waiver; the vault's address and the secret's name."""
        vault = resource.id
        if resource.authorization == "access-policy":
            raise _without_roles(resource)
        wide = self.waiver is not None and self.waiver.scope == "vault"
        return Binding(
            settings={
                "VAULT_URL": "https://" + host("keyvault", "keyvault", cloud, "id", name=vault.name.lower()),
                "SECRET": self.secret,
            },
            grant=RoleGrant(
                role=self.role(resource.kind),
                scope=vault.text if wide else f"{vault.text}/secrets/{self.secret}",
                subscription=vault.subscription,
                target=(self.vault,) if wide else (self.vault, self.secret.lower()),
            ),
        )


def _without_roles(vault: Vault) -> ResourceError:
    command = (vault.facts.roles_on or "").format(name=vault.id.name)
    return ResourceError(
        Finding(
            rule="access-policy-mode",
            key="authorization",
            message=f"the vault decides by access policies of its own, so a role on '{vault.id.name}' does nothing",
            fix=f"give roles to those whom its access policies let in, run `{command}`, then write authorization: rbac",
        )
    )
