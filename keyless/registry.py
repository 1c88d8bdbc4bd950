"""Every kind there is, written out: adding one is an import and a union member here."""

from typing import Annotated

from pydantic import Field

from keyless.environment import Environment
from keyless.kinds.blob import Blob, Storage
from keyless.kinds.foundry import Foundry, FoundryAccount
from keyless.kinds.keyvault import KeyVault, Vault
from keyless.kinds.openai import OpenAI, OpenAIAccount
from keyless.kinds.redis import Redis, RedisCache, RedisManaged

AnyUse = Annotated[Blob | Redis | OpenAI | Foundry | KeyVault, Field(discriminator="kind")]
AnyResource = Annotated[
    Storage | RedisCache | RedisManaged | OpenAIAccount | FoundryAccount | Vault, Field(discriminator="kind")
]


class EnvironmentFacts(Environment[AnyResource]):
    """The facts of one environment, with resources of every kind there is. Its name is the file's: `dev` for `Pulumi.dev.yaml`."""
