"""blob: a container of a storage account."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from keyless.fields import Word, arm_id_of
from keyless.finding import Finding
from keyless.path_condition import PathLimit, Place
from keyless.plan import ArmId, Precondition
from keyless.resource import Resource, host
from keyless.use import Binding, RoleGrant, Use

# Azure Storage: 3 to 63 lower-case letters, digits and single hyphens between them.
ContainerName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9](-?[a-z0-9])+$", min_length=3, max_length=63)
]
"""3 to 63 lower-case letters, digits and single hyphens."""


# What a prefix may not hold, and why: the condition compares it with paths letter by letter.
_NEVER = (
    (r"^/", "begins with a slash, and paths in a container do not"),
    (r"^$|[^/]$", "does not end in a slash, so that it would hold what else begins like it"),
    (r"[*?]", "holds a wildcard, and a prefix is taken letter by letter"),
    (r"['\"\\]", "holds a quote or a backslash"),
    (r"%[0-9A-Fa-f]{2}", "is written as in a URL, and paths are compared as they are"),
    (r"(^|/)(\.{0,2})/", "holds an empty part, `.` or `..`"),
)


def _prefix(text: str) -> str:
    for never, why in _NEVER:
        if re.search(never, text):
            raise PydanticCustomError("prefix", "'{text}' {why}", {"text": text, "why": why})
    if not text.isprintable():
        raise PydanticCustomError("prefix", "the prefix holds a line break or a control character")
    return text


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


BlobPrefix = Annotated[str, StringConstraints(max_length=1024), AfterValidator(_prefix)]
"""The beginning of blob paths in a container, such as `invoices/2026/`."""


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
    prefix: Annotated[
        tuple[BlobPrefix, ...],
        Field(strict=False),
        BeforeValidator(_listed, json_schema_input_type=BlobPrefix | tuple[BlobPrefix, ...]),
    ] = ()
    """Only blobs below this path, or these: `invoices/2026/`. The app must list with one of them as its prefix."""

    @field_validator("prefix")
    @classmethod
    def _below_the_container(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not value:
            raise PydanticCustomError("prefix", "the list is empty")
        for text in value:
            if text.split("/", 1)[0] == info.data.get("container"):
                raise PydanticCustomError(
                    "prefix",
                    "'{text}' begins with the container's name, which is no part of paths",
                    {"text": text},
                )
        return value

    @model_validator(mode="after")
    def _one_narrowing(self) -> Self:
        if self.prefix and self.waiver is not None and self.waiver.role is not None:
            raise PydanticCustomError(
                "prefix_waiver",
                "a waiver gives another role, and what all it may do no condition of a prefix holds",
            )
        return self

    def doubts(self, resource: Storage) -> Iterator[Finding]:
        """A prefix beside keys that work: who holds one reads past it."""
        if self.prefix and resource.keys == "allowed":
            yield Finding(
                rule="prefix-and-keys",
                severity="warning",
                key="prefix",
                message=f"the keys of '{self.account}' are allowed, and no condition holds who comes with one",
                fix="write keys: forbidden on the resource once no app leans on a key",
            )

    def limit(self) -> PathLimit:
        """Where this use reads and writes; everywhere without a prefix."""
        wide = self.waiver is not None and self.waiver.scope == "account"
        places = tuple(Place(self.container if wide else "", text) for text in self.prefix) or None
        # A waiver's role may write, whatever the verb says.
        writes = self.access == "write" or (self.waiver is not None and self.waiver.role is not None)
        return PathLimit(read=places, write=places if writes else ())

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
                limit=self.limit(),
            ),
        )
