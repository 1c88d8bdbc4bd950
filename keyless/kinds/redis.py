"""redis: a cache, in Azure Cache for Redis or Azure Managed Redis; the environment says which."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from keyless.fields import Word, arm_id_of
from keyless.plan import ArmId, Ref
from keyless.resource import Resource, host, stated_host, token_scope
from keyless.use import Binding, CacheGrant, Use

HostName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$")
]
"""A host name in lower case."""


class RedisCache(Resource):
    """Azure Cache for Redis."""

    serves: ClassVar = ("redis",)
    catalogued: ClassVar = "redis"
    kind: Literal["redis-cache"]
    id: Annotated[ArmId, arm_id_of("Microsoft.Cache/redis")]
    host: HostName | None = None
    """Its hostname, where it is not the cache's name and the cloud's usual ending: that of a geo-replicated pair."""


class RedisManaged(Resource):
    """An Azure Managed Redis cluster with its one database. Its host has the region's short name, so it is stated."""

    serves: ClassVar = ("redis",)
    catalogued: ClassVar = "redis"
    kind: Literal["redis-managed"]
    id: Annotated[ArmId, arm_id_of("Microsoft.Cache/redisEnterprise")]
    host: HostName
    """Its hostname; it holds the region's short name, so it cannot be derived."""


class Redis(Use):
    """Reads or writes a cache, signed in as the identity: the username is its principal id."""

    resource_field: ClassVar = "cache"
    kind: Literal["redis"]
    cache: Word
    """Logical name of a `redis-cache` or `redis-managed` resource."""
    access: Literal["read", "write"]

    def bind(self, resource: RedisCache | RedisManaged, cloud: str) -> Binding:
        """One access policy assignment; host, port, username and token scope for a client."""
        if resource.host is not None:
            where = stated_host(resource, cloud, resource.host)
        else:
            where = host("redis", resource.kind, cloud, "host", name=resource.id.name)
        return Binding(
            settings={
                "HOST": where,
                "PORT": str(resource.facts.port),
                "USERNAME": Ref("identity.principal_id"),
                "SCOPE": token_scope("redis", cloud),
            },
            grant=CacheGrant(
                role=self.role(resource.kind),
                cache=resource.id,
                # "default" is the only name that a Managed Redis database can have.
                database="default" if resource.kind == "redis-managed" else None,
                target=(self.cache,),
            ),
        )
