"""keyvault: one secret of a key vault, for what cannot do without a secret."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from keyless.fields import Word, arm_id_of
from keyless.plan import ArmId
from keyless.resource import Resource, host
from keyless.use import Binding, RoleGrant, Use

SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,127}$")]
"""1 to 127 letters, digits and hyphens."""


class Vault(Resource):
    """A key vault in role-based access mode."""

    serves: ClassVar = ("keyvault",)
    catalogued: ClassVar = "keyvault"
    kind: Literal["keyvault"]
    id: Annotated[ArmId, arm_id_of("Microsoft.KeyVault/vaults")]


class KeyVault(Use):
    """Reads one secret."""

    resource_field: ClassVar = "vault"
    kind: Literal["keyvault"]
    vault: Word
    """Logical name of a `keyvault` resource."""
    secret: SecretName
    """The secret's name."""
    access: Literal["read"]

    def bind(self, resource: Vault, cloud: str) -> Binding:
        """One grant at the secret; the vault's address and the secret's name."""
        vault = resource.id
        return Binding(
            settings={
                "VAULT_URL": "https://" + host("keyvault", "keyvault", cloud, "id", name=vault.name.lower()),
                "SECRET": self.secret,
            },
            grant=RoleGrant(
                role=self.role(resource.kind),
                scope=f"{vault.text}/secrets/{self.secret}",
                subscription=vault.subscription,
                target=(self.vault, self.secret.lower()),
            ),
        )
