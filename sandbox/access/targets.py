"""What a use of an app means in Azure: resource, smallest scope, data actions, private endpoint."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.access.blobs import BLOBS, blob_requests
from sandbox.access.conditions import Request
from sandbox.azure import ids
from sandbox.errors import SandboxError
from sandbox.project import Mapping, Project, as_mapping

OPENAI = "Microsoft.CognitiveServices/accounts/OpenAI"
# The uses' own words for the resource they name.
REFERENCES = ("account", "cache", "vault", "resource")


@dataclass(frozen=True)
class Door:
    """A service of a resource, as a network sees it."""

    group_id: str
    """The private link sub-resource."""
    zone: str
    """How the name of the private DNS zone begins that the service's host lies in."""


BLOB = Door("blob", "privatelink.blob.")
CLASSIC = Door("redisCache", "privatelink.redis.cache.")
MANAGED = Door("redisEnterprise", "privatelink.redis.azure.")
MODELS = Door("account", "privatelink.openai.")
PROJECTS = Door("account", "privatelink.services.ai.")
VAULT = Door("vault", "privatelink.vaultcore.")


@dataclass(frozen=True)
class Target:
    """One use in one environment."""

    kind: str
    access: str
    resource_id: str
    scope: str
    """Where a role may be assigned, or the cache or database that an access policy belongs to."""
    data_actions: tuple[str, ...]
    """What the verb needs; empty where access policies decide."""
    door: Door
    must_exist: str = ""
    """The thing inside of the resource that the use names, such as a container."""
    prefixes: tuple[str, ...] = ()
    """Where the blobs that the use needs begin; empty for the whole container."""

    @property
    def requests(self) -> tuple[Request, ...]:
        """What the verb comes to: blobs with their paths, the data actions of all else."""
        if self.kind == "blob":
            return tuple(blob_requests(ids.name(self.scope), self.access, self.prefixes))
        return tuple(map(Request, self.data_actions))


def target_of(project: Project, use: Mapping) -> Target:
    """The target of a use. Raises SandboxError where the environment does not know its resource or kind."""
    kind, access = str(use.get("kind")), str(use.get("access") or "use")
    logical = next((str(use[word]) for word in REFERENCES if use.get(word)), "")
    resource = as_mapping(as_mapping(project.facts.get("resources")).get(logical))
    if not resource:
        raise SandboxError(f"{project.environment} has no resource {logical!r} of kind {kind}")
    arm_id = str(resource.get("id")).rstrip("/")
    if kind == "blob":
        container = f"{arm_id}/blobServices/default/containers/{use.get('container')}"
        actions = (f"{BLOBS}/read", f"{BLOBS}/write") if access == "write" else (f"{BLOBS}/read",)
        prefix = use.get("prefix") or ()
        prefixes = (prefix,) if isinstance(prefix, str) else tuple(map(str, prefix))
        return Target(kind, access, arm_id, container, actions, BLOB, container, prefixes)
    if kind == "redis" and resource.get("kind") == "redis-managed":
        database = f"{arm_id}/databases/{resource.get('database') or 'default'}"
        return Target(kind, access, arm_id, database, (), MANAGED, database)
    if kind == "redis":
        return Target(kind, access, arm_id, arm_id, (), CLASSIC)
    if kind == "openai":
        actions = (f"{OPENAI}/deployments/chat/completions/action",)
        deployment = f"{arm_id}/deployments/{use.get('deployment')}"
        return Target(kind, access, arm_id, arm_id, actions, MODELS, deployment)
    if kind == "foundry":
        actions = ("Microsoft.CognitiveServices/accounts/AIServices/agents/read",)
        scope = f"{arm_id}/projects/{use.get('project')}"
        return Target(kind, access, arm_id, scope, actions, PROJECTS, scope)
    if kind == "keyvault":
        actions = ("Microsoft.KeyVault/vaults/secrets/getSecret/action",)
        secret = f"{arm_id}/secrets/{use.get('secret')}"
        return Target(kind, access, arm_id, secret, actions, VAULT, secret)
    raise SandboxError(f"the sandbox cannot judge a use of kind {kind!r}")
