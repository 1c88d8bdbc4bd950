"""What of Azure's and Terraform's own words `keyless import` reads: the types, and the properties of each."""

from collections.abc import Iterator, Mapping
from functools import cache

from pydantic import Field, TypeAdapter

from keyless.catalogue import read_facts
from keyless.environment import Frozen

Flags = Mapping[str, Mapping[str, str | bool]]


class Words(Frozen):
    """`texts`: our word to the property that holds it. `flags`: our word to a property and the value that makes it true."""

    texts: Mapping[str, str] = Field(default_factory=dict)
    flags: Flags = Field(default_factory=dict)

    def names(self) -> Iterator[str]:
        """Every property that is read."""
        yield from self.texts.values()
        for meant in self.flags.values():
            yield from meant


class TypeWords(Words):
    """An ARM type: kinds of Keyless by ARM's `kind` (`*` for any), or by how SKU or host begin or end; null is none."""

    kinds: Mapping[str, str] = Field(default_factory=dict)
    skus: Mapping[str, str | None] = Field(default_factory=dict)
    hosts: Mapping[str, str | None] = Field(default_factory=dict)


class TerraformWords(Words):
    """A resource type of the provider azurerm, with the ARM type behind it; `kind` is ARM's where there is one alone."""

    type: str
    kind: str | None = None


class Imports(Frozen):
    """All of it."""

    source: str
    read: str
    types: Mapping[str, TypeWords]
    terraform: Mapping[str, TerraformWords]

    def names(self) -> frozenset[str]:
        """Every property that is read of any type."""
        words = (*self.types.values(), *self.terraform.values())
        return frozenset(name for one in words for name in one.names())


@cache
def imports() -> Imports:
    """The data file. Raises CatalogueError where it is wrong."""
    return read_facts("imports.yaml", TypeAdapter(Imports))
