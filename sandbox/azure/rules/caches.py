"""Access policy assignments of Azure Cache for Redis and Azure Managed Redis (facts §2.4, §2.5)."""

from __future__ import annotations

import re

from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.rules.base import Rules
from sandbox.plugin import Refusal

CLASSIC_POLICIES = ("Data Owner", "Data Contributor", "Data Reader")
MANAGED_POLICIES = ("default",)
BUSY = (
    "The requested resource{} is busy processing a previous update request or is undergoing system"
    " maintenance. As such, it is currently unable to accept the update request. Please try again later."
)
# The API description of redisEnterprise: letters and digits only, so no GUID with hyphens.
MANAGED_NAME = r"^[A-Za-z0-9]{1,60}$"


class CacheAccessRules(Rules):
    """One assignment per object id and cache; one write per cache at a time."""

    def in_turn(self, arm_id: str) -> str | None:
        return ids.parent(arm_id)

    def overlap(self, holder: str) -> Refusal:
        return Refusal(409, "Conflict", BUSY.format(f" '{holder}'"))

    def conflict(self) -> tuple[str, str]:
        return "Conflict", BUSY.format("")

    def check(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        cache = ids.parent(arm_id) or arm_id
        policy, object_id = self.policy(body), self.object_id(body)
        known = self.policies(cloud, cache)
        if policy not in known:
            raise Refusal(
                400,
                "InvalidRequestBody",
                f"The access policy '{policy}' does not exist on '{cache}': it has {', '.join(known)}.",
            )
        if not ids.GUID.fullmatch(object_id):
            raise Refusal(400, "InvalidRequestBody", f"The object id '{object_id}' is no GUID.")
        self.check_alias(body)
        for other in cloud.below(f"{cache}/accessPolicyAssignments"):
            if self.object_id(other).lower() == object_id.lower() and not ids.same(other["id"], arm_id):
                raise Refusal(
                    409,
                    "Conflict",
                    f"The object id '{object_id}' already has an access policy on this cache, by the"
                    f" assignment '{ids.name(other['id'])}'.",
                )

    def check_alias(self, body: Body) -> None:
        """Raise Refusal where the person or app behind the object id has no name."""
        if not properties(body).get("objectIdAlias"):
            raise Refusal(400, "InvalidRequestBody", "The property 'objectIdAlias' must not be empty.")

    def complete(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        body["properties"]["provisioningState"] = "Succeeded"

    def policy(self, body: Body) -> str:
        """The policy's name in an assignment."""
        return str(properties(body).get("accessPolicyName"))

    def object_id(self, body: Body) -> str:
        """Whose access it is."""
        return str(properties(body).get("objectId"))

    def policies(self, cloud: Cloud, cache: str) -> tuple[str, ...]:
        """Every policy that may be assigned."""
        custom = (ids.name(one["id"]) for one in cloud.below(f"{cache}/accessPolicies"))
        return (*CLASSIC_POLICIES, *(name for name in custom if name not in CLASSIC_POLICIES))


class ManagedCacheAccessRules(CacheAccessRules):
    """Azure Managed Redis: on a database, with the one policy that its API version knows."""

    def in_turn(self, arm_id: str) -> str | None:
        # The cluster: its databases share one state.
        database = ids.parent(arm_id)
        return ids.parent(database) if database else None

    def check(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        name = ids.name(arm_id)
        if not re.fullmatch(MANAGED_NAME, name):
            raise Refusal(
                400, "InvalidResourceName", f"The name '{name}' must have 1 to 60 letters and digits."
            )
        super().check(cloud, arm_id, body, existing)

    def check_alias(self, body: Body) -> None:
        """A database's assignment has no alias."""

    def object_id(self, body: Body) -> str:
        user = properties(body).get("user")
        return str(user.get("objectId")) if isinstance(user, dict) else "None"

    def policies(self, cloud: Cloud, cache: str) -> tuple[str, ...]:
        return MANAGED_POLICIES
