"""Resource: a logical name that an environment maps to a real Azure resource, the base of every kind's other side."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from keyless.catalogue import Target, entry
from keyless.catalogue.arm import ArmType, arm_type
from keyless.environment import ResourceFacts
from keyless.errors import ResourceError
from keyless.fields import arm_id_of
from keyless.finding import Finding
from keyless.plan import ArmId, Precondition

_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"


class Resource(ResourceFacts):
    """What every resource has, whatever its kind; a kind adds its own, and says which uses it serves."""

    serves: ClassVar[tuple[str, ...]]
    catalogued: ClassVar[str]
    kind: str
    """What it is."""
    id: Annotated[ArmId, arm_id_of()]
    """The ARM id of the Azure resource. Azure ignores its case; what is made carries the names as they are written here, so a new spelling replaces grants."""

    @property
    def facts(self) -> Target:
        """What the catalogue knows of this type of resource."""
        return entry(self.catalogued).targets[self.kind]

    @property
    def arm(self) -> ArmType:
        """What the catalogue knows of its ARM type: what a posture sets there."""
        return arm_type(self.facts.type)

    def zones(self, cloud: str, group_id: str) -> tuple[str, ...]:
        """Private DNS zones that the endpoint of `group_id` needs. Raises ResourceError where unknown in `cloud`."""
        found = self.facts.zones.get(cloud)
        if found is None:
            raise ResourceError(
                Finding(
                    rule="unknown-zone",
                    key="network",
                    message=f"the private DNS zones of {self.kind} in the cloud '{cloud}' are not known",
                    fix="write network: public or firewall",
                )
            )
        return found[group_id]

    def preconditions(self) -> tuple[Precondition, ...]:
        """What must read as the entry says before its network is touched, beyond what holds for the whole type."""
        return ()

    def group_ids(self) -> tuple[str, ...]:
        """The private link group ids: one endpoint each."""
        return self.facts.group_ids


def custom_subdomain(account: Resource, cloud: str) -> str:
    """The custom subdomain of an OpenAI or AIServices account: of its stated endpoint, else the account's name.

    Raises ResourceError where the endpoint is no host of such an account: a client would send its token there.
    Raises it too where the account's name is none that a host can have: its subdomain must then be another.
    """
    stated: str | None = getattr(account, "endpoint", None)
    if stated is None:
        if re.fullmatch(_LABEL, account.id.name.lower()) is None:
            raise ResourceError(
                Finding(
                    rule="unknown-host",
                    key="endpoint",
                    message=f"'{account.id.name}' is no name of a host, so its endpoint cannot be derived from it",
                    fix="write endpoint: https://..., as `az cognitiveservices account show --query properties.endpoint` prints it",
                )
            )
        return account.id.name.lower()
    host_name = urlsplit(stated).hostname or ""
    suffixes = sorted({pattern.removeprefix("{subdomain}") for pattern in _account_hosts(cloud)})
    for suffix in suffixes:
        subdomain = host_name.removesuffix(suffix)
        if subdomain != host_name and re.fullmatch(_LABEL, subdomain):
            return subdomain
    raise ResourceError(
        Finding(
            rule="foreign-endpoint",
            key="endpoint",
            message=f"'{host_name}' is not the host of an OpenAI or AIServices account in the cloud '{cloud}'",
            fix="write https://<subdomain> and one of: " + ", ".join(suffixes),
        )
    )


def _account_hosts(cloud: str) -> Iterator[str]:
    for kind in ("openai", "foundry"):
        for target in entry(kind).targets.values():
            yield from target.other_hosts.get(cloud, ())
            if cloud in target.hosts:
                yield target.hosts[cloud]


def stated_host(resource: Resource, cloud: str, stated: str) -> str:
    """`stated`, where it is a host of `resource`. Raises ResourceError elsewhere: the client's password is its token."""
    facts = resource.facts
    name = resource.id.name.lower()
    patterns = (*([facts.hosts[cloud]] if cloud in facts.hosts else ()), *facts.other_hosts.get(cloud, ()))
    if any(_host_fits(pattern.replace("{name}", name), stated) for pattern in patterns):
        return stated
    shown = " or ".join(re.sub(r"{(\w+)}", r"<\1>", one.replace("{name}", name)) for one in patterns)
    raise ResourceError(
        Finding(
            rule="foreign-host",
            key="host",
            message=f"'{stated}' is not the host of the {resource.kind} '{name}' in the cloud '{cloud}', and a token would be sent there",
            fix=f"write {shown}" if patterns else _unknown(resource.catalogued),
        )
    )


@cache
def _host_fits(pattern: str, host_name: str) -> bool:
    """Whether a host has the form of `pattern`, whose words in braces are any one label."""
    parts = re.split(r"({\w+})", pattern)
    form = "".join(_LABEL if part.startswith("{") else re.escape(part) for part in parts)
    return re.fullmatch(form, host_name) is not None


def token_scope(kind: str, cloud: str) -> str:
    """The token scope of a use of `kind`. Raises ResourceError where it is not known: a guess would fail at run time."""
    scope = entry(kind).scope.get(cloud)
    if scope is None:
        message = f"the token scope of {kind} in the cloud '{cloud}' is not known"
        raise ResourceError(Finding(rule="unknown-scope", key="kind", message=message, fix=_unknown(kind)))
    return scope


def _unknown(kind: str) -> str:
    return f"mark the apps that use it `absent` here, or state it, with its source, in keyless/catalogue/{kind}.yaml"


def host(pattern_kind: str, target: str, cloud: str, field: str, **words: str) -> str:
    """The host of a resource from the catalogue's pattern. Raises ResourceError where it cannot be derived."""
    pattern = entry(pattern_kind).targets[target].hosts.get(cloud)
    if pattern is None:
        raise ResourceError(
            Finding(
                rule="unknown-host",
                key=field,
                message=f"the host of a {target} in the cloud '{cloud}' cannot be derived",
                fix=f"state it in the environment, as `{field}`"
                if field == "host"
                else _unknown(pattern_kind),
            )
        )
    return pattern.format(**words)
