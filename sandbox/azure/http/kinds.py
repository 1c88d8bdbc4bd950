"""The resource types that the stand-in serves over HTTP: versions, what is long-running, what each refuses.

Facts-doors §1.1 to §1.3; where they leave a choice open, the worst one for a careless client is taken.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.http.networks import Acls, with_added
from sandbox.plugin import Refusal

STORAGE_ACLS = Acls(
    provider="Microsoft.Storage",
    addresses=400,
    subnets=400,
    bypass=frozenset({"None", "Logging", "Metrics", "AzureServices"}),
    error="InvalidValuesForRequestParameters",
    listed=True,
)
TRUSTED = frozenset({"None", "AzureServices"})
COGNITIVE_ACLS = Acls("Microsoft.CognitiveServices", 100, 100, TRUSTED, "InvalidIpRule")
# Other kinds of Cognitive accounts know no trusted services (facts-doors §1.3).
TRUSTING_KINDS = frozenset({"OpenAI", "AIServices", "TextAnalytics"})
VAULT_ACLS = Acls("Microsoft.KeyVault", 1000, 200, TRUSTED, "VaultIpRuleInvalid", small_ranges=True)
RULE_NAME = re.compile(r"[A-Za-z0-9_]{1,256}")


@dataclass(frozen=True)
class Kind:
    """One type: the defaults take what is sent, at once."""

    type: str
    versions: tuple[str, ...]
    long_running: bool = False
    asynchronous: tuple[str, ...] = ("Azure-AsyncOperation", "Location")
    """The headers that lead to the state of a long-running write."""
    busy: str = "Conflict"
    """The error code of a write that meets another one."""
    recent: dict[str, str] = field(default_factory=dict)
    """Members below `properties` that an older api-version does not know, with the first that does."""
    defaults: dict[str, str] = field(default_factory=lambda: {"provisioningState": "Succeeded"})
    """What every GET answers below `properties`, also where a world leaves it out."""
    access: frozenset[str] = frozenset({"Enabled", "Disabled"})
    """Values of `publicNetworkAccess`."""

    def check(self, cloud: Cloud, arm_id: str, sent: Body, after: Body, before: Body | None) -> None:
        """Raise Refusal for what the service does not take; `sent` are the properties of the request."""
        if "publicNetworkAccess" in sent and sent["publicNetworkAccess"] not in self.access:
            raise Refusal(
                400,
                "InvalidPublicNetworkAccess",
                f"publicNetworkAccess must be one of {', '.join(sorted(self.access))},"
                f" not {sent['publicNetworkAccess']!r}.",
            )

    def keep(self, after: Body, before: Body | None) -> None:
        """Change `after` into what the service keeps of it."""

    def answer(self, arm_id: str, body: Body) -> Body:
        """What the answer to a write carries; a GET never does."""
        return body


class Storage(Kind):
    """A storage account: no long-running writes, no ETag."""

    def check(self, cloud: Cloud, arm_id: str, sent: Body, after: Body, before: Body | None) -> None:
        super().check(cloud, arm_id, sent, after, before)
        _check_boolean(sent, "allowSharedKeyAccess")
        if "networkAcls" in sent:
            STORAGE_ACLS.check(cloud, sent["networkAcls"])

    def keep(self, after: Body, before: Body | None) -> None:
        _complete_rules(
            after, before, address={"action": "Allow"}, subnet={"action": "Allow", "state": "Succeeded"}
        )


class Cognitive(Kind):
    """An account of the AI services."""

    def check(self, cloud: Cloud, arm_id: str, sent: Body, after: Body, before: Body | None) -> None:
        super().check(cloud, arm_id, sent, after, before)
        _check_boolean(sent, "disableLocalAuth")
        subdomain = properties(before).get("customSubDomainName")
        if "customSubDomainName" in sent and subdomain and sent["customSubDomainName"] != subdomain:
            raise Refusal(
                400,
                "CustomSubDomainNameCannotBeChanged",
                f"The custom subdomain name '{subdomain}' cannot be changed once it is set.",
            )
        if "networkAcls" in sent:
            trusting = after.get("kind") in TRUSTING_KINDS
            acls = COGNITIVE_ACLS if trusting else _without_bypass(COGNITIVE_ACLS)
            acls.check(cloud, sent["networkAcls"])

    def keep(self, after: Body, before: Body | None) -> None:
        missing = {"ignoreMissingVnetServiceEndpoint": False}
        _complete_rules(after, before, address={}, subnet=missing, lower=True)


class Vault(Kind):
    """A key vault, whose `publicNetworkAccess` is a plain string in any case."""

    def check(self, cloud: Cloud, arm_id: str, sent: Body, after: Body, before: Body | None) -> None:
        access = str(sent.get("publicNetworkAccess", "Enabled")).capitalize()
        super().check(cloud, arm_id, {"publicNetworkAccess": access}, after, before)
        if "networkAcls" in sent:
            VAULT_ACLS.check(cloud, sent["networkAcls"])

    def keep(self, after: Body, before: Body | None) -> None:
        acls = properties(after).get("networkAcls")
        for rule in (acls or {}).get("ipRules") or ():
            # The vault answers single addresses with their prefix.
            rule["value"] = rule["value"] if "/" in rule["value"] else f"{rule['value']}/32"
        _complete_rules(after, before, address={}, subnet={}, lower=True)


class Redis(Kind):
    """Azure Cache for Redis: the answer to a write carries the access keys."""

    def check(self, cloud: Cloud, arm_id: str, sent: Body, after: Body, before: Body | None) -> None:
        super().check(cloud, arm_id, sent, after, before)
        _check_boolean(sent, "disableAccessKeyAuthentication")
        own = properties(after)
        if not own.get("disableAccessKeyAuthentication") or not sent.get("disableAccessKeyAuthentication"):
            return
        if str((own.get("redisConfiguration") or {}).get("aad-enabled")).lower() != "true":
            raise Refusal(
                400,
                "EntraAuthenticationRequired",
                "disableAccessKeyAuthentication needs redisConfiguration.aad-enabled to be 'true'.",
            )
        if own.get("linkedServers"):
            raise Refusal(
                400,
                "LinkedCacheNotSupported",
                "Access keys of a geo-replicated cache cannot be disabled: unlink it first.",
            )

    def answer(self, arm_id: str, body: Body) -> Body:
        keys = {f"{which}Key": f"MARKED-KEY-{which}-{ids.name(arm_id)}" for which in ("primary", "secondary")}
        return {**body, "properties": {**properties(body), "accessKeys": keys}}


class RedisRule(Kind):
    """A firewall rule of Azure Cache for Redis: a child with a first and a last address."""

    def check(self, cloud: Cloud, arm_id: str, sent: Body, after: Body, before: Body | None) -> None:
        if not RULE_NAME.fullmatch(ids.name(arm_id)):
            raise Refusal(
                400,
                "InvalidRuleName",
                f"The rule name '{ids.name(arm_id)}' is invalid: letters, digits and underscores.",
            )
        first, last = (_address(properties(after).get(name)) for name in ("startIP", "endIP"))
        if first is None or last is None or first > last:
            raise Refusal(
                400,
                "InvalidAddressRange",
                "startIP and endIP must be IPv4 addresses, the first not above the last.",
            )


class ManagedRedis(Kind):
    """A Redis Enterprise or Managed Redis cluster."""

    def check(self, cloud: Cloud, arm_id: str, sent: Body, after: Body, before: Body | None) -> None:
        super().check(cloud, arm_id, sent, after, before)
        if before and "publicNetworkAccess" in sent and properties(before).get("publicNetworkAccess") is None:
            raise Refusal(
                400,
                "PublicNetworkAccessNotSupported",
                f"publicNetworkAccess cannot be set on '{arm_id}': it was made by an older api-version.",
            )


class ManagedRedisDatabase(Kind):
    """A database of a cluster, which holds the switch of its keys."""

    def check(self, cloud: Cloud, arm_id: str, sent: Body, after: Body, before: Body | None) -> None:
        value = sent.get("accessKeysAuthentication", "Enabled")
        if value not in ("Enabled", "Disabled"):
            raise Refusal(
                400,
                "InvalidAccessKeysAuthentication",
                f"accessKeysAuthentication must be Enabled or Disabled, not {value!r}.",
            )


CACHES = ("2024-11-01",)
MANAGED = ("2025-04-01", "2025-07-01")
NETWORK = ("2024-05-01", "2024-07-01", "2025-01-01")
RUNNING = {"provisioningState": "Succeeded", "resourceState": "Running"}
KINDS: dict[str, Kind] = {
    kind.type.lower(): kind
    for kind in (
        Storage(
            "Microsoft.Storage/storageAccounts",
            ("2023-05-01", "2025-08-01", "2026-04-01"),
            recent={"allowSharedKeyAccessForServices": "2025-08-01", "networkAcls.ipv6Rules": "2025-08-01"},
            access=frozenset({"Enabled", "Disabled", "SecuredByPerimeter"}),
        ),
        Cognitive(
            "Microsoft.CognitiveServices/accounts",
            ("2024-10-01", "2025-06-01", "2026-03-01", "2026-07-01"),
            long_running=True,
            busy="RequestConflict",
        ),
        Redis("Microsoft.Cache/redis", CACHES, long_running=True, asynchronous=("Location",)),
        RedisRule("Microsoft.Cache/redis/firewallRules", CACHES, defaults={}),
        ManagedRedis(
            "Microsoft.Cache/redisEnterprise",
            MANAGED,
            long_running=True,
            asynchronous=("Azure-AsyncOperation",),
            busy="OperationNotAllowed",
            defaults=RUNNING,
        ),
        ManagedRedisDatabase(
            "Microsoft.Cache/redisEnterprise/databases",
            MANAGED,
            long_running=True,
            asynchronous=("Azure-AsyncOperation",),
            busy="OperationNotAllowed",
            defaults=RUNNING,
        ),
        Vault("Microsoft.KeyVault/vaults", ("2024-11-01", "2026-02-01")),
    )
}
# Types that are made through the provider and only read here.
READ_ONLY = {
    "microsoft.network/privateendpoints": NETWORK,
    "microsoft.network/privateendpoints/privatednszonegroups": NETWORK,
}


def _complete_rules(
    after: Body, before: Body | None, address: Body, subnet: Body, lower: bool = False
) -> None:
    acls = properties(after).get("networkAcls")
    if not isinstance(acls, dict):
        return
    old = properties(before).get("networkAcls") or {}
    # What a request leaves out of networkAcls is gone: nobody knows better, and it is the worst case.
    for name, key, added in (("ipRules", "value", address), ("virtualNetworkRules", "id", subnet)):
        if acls.get(name) is not None:
            is_id = lower and key == "id"
            acls[name] = with_added(old.get(name), acls[name], key, added, is_id)


def _without_bypass(acls: Acls) -> Acls:
    return Acls(acls.provider, acls.addresses, acls.subnets, frozenset(), acls.error)


def _check_boolean(sent: Body, name: str) -> None:
    if name in sent and not isinstance(sent[name], bool):
        raise Refusal(
            400, "InvalidRequestFormat", f"properties.{name} must be true or false, not {sent[name]!r}."
        )


def _address(value: Any) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(str(value))
    except ValueError:
        return None
