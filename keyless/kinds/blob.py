"""blob: a container of a storage account."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from keyless.fields import Word, arm_id_of
from keyless.plan import ArmId, Precondition
from keyless.resource import Resource, host
from keyless.use import Binding, RoleGrant, Use

# Azure Storage: 3 to 63 lower-case letters, digits and single hyphens between them.
ContainerName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9](-?[a-z0-9])+$", min_length=3, max_length=63)
]
"""3 to 63 lower-case letters, digits and single hyphens."""


class Storage(Resource):
    """A storage account."""

    serves: ClassVar = ("blob",)
    catalogued: ClassVar = "blob"
    kind: Literal["storage"]
    id: Annotated[ArmId, arm_id_of("Microsoft.Storage/storageAccounts")]
    hierarchical_namespace: bool = False
    """Says that it is a data lake account; its clients then reach blobs by the host `dfs` too, which needs an endpoint of its own."""

    def group_ids(self) -> tuple[str, ...]:
        """`blob`; a data lake account answers at `dfs` too, and each needs the other."""
        return (*super().group_ids(), "dfs") if self.hierarchical_namespace else super().group_ids()

    def preconditions(self) -> tuple[Precondition, ...]:
        """A data lake account is not closed while its clients have no endpoint for `dfs`."""
        if self.network != "private" or self.hierarchical_namespace:
            return ()
        because = "it is a data lake account, and `dfs` has no endpoint: write `hierarchical_namespace: true`"
        return (Precondition(path="isHnsEnabled", wanted=(False, None), because=because),)


class Blob(Use):
    """Reads or writes the blobs of one container."""

    resource_field: ClassVar = "account"
    scopes: ClassVar = ("account",)
    kind: Literal["blob"]
    account: Word
    """Logical name of a `storage` resource."""
    container: ContainerName
    """The container's name."""
    access: Literal["read", "write"]

    def bind(self, resource: Storage, cloud: str) -> Binding:
        """One grant at the container, at the account only by a waiver; endpoint and container for a BlobClient."""
        account = resource.id
        wide = self.waiver is not None and self.waiver.scope == "account"
        return Binding(
            settings={
                "ENDPOINT": "https://" + host("blob", "storage", cloud, "endpoint", name=account.name),
                "CONTAINER": self.container,
            },
            grant=RoleGrant(
                role=self.role(resource.kind),
                scope=account.text
                if wide
                else f"{account.text}/blobServices/default/containers/{self.container}",
                subscription=account.subscription,
                target=(self.account,) if wide else (self.account, self.container),
            ),
        )
