"""What a posture sets on Azure's side, as values, rules and children of ARM resources; who sets it is decided elsewhere."""

from collections.abc import Iterator
from typing import Any

from keyless import names
from keyless.catalogue.arm import Required
from keyless.environment import Environment
from keyless.errors import ResourceError
from keyless.fields import below, below_group, resource_group_id
from keyless.finding import Finding
from keyless.firewall import WaysIn, address_texts, rule_name
from keyless.plan import (
    ArmChild,
    ArmPatch,
    EndpointProof,
    PosturePatch,
    Precondition,
    PrivateEndpoint,
    RuleList,
)
from keyless.resource import Resource


def refuse_unwritten(name: str, resource: Resource) -> None:
    """Refuse a patched resource whose posture is not written out: a line left out must never open a door."""
    if resource.management != "patched":
        return
    wanted = ["network", *(["keys"] if resource.arm.keys else [])]
    missing = [key for key in wanted if key not in resource.model_fields_set]
    if missing:
        raise ResourceError(
            *(
                Finding(
                    rule="unwritten-posture",
                    key="management",
                    message=f"'{name}' is patched and `{key}` is not written, so its default would decide what is open",
                    fix=f"write {key}: {_WORDS[key]}",
                )
                for key in missing
            )
        )


_WORDS = {"network": "public, firewall, endpoint or private", "keys": "allowed or forbidden"}


def refuse_keyless_kind(name: str, resource: Resource) -> None:
    """Refuse forbidden keys on a kind that has none."""
    if resource.keys == "forbidden" and resource.arm.keys is None:
        raise ResourceError(
            Finding(
                rule="impossible-posture",
                key="keys",
                message=f"'{name}' is a {resource.kind}, which has no keys to forbid",
                fix="remove `keys`",
            )
        )


def posture_patch(
    name: str,
    resource: Resource,
    facts: Environment[Any],
    ways: WaysIn,
    endpoints: tuple[PrivateEndpoint, ...],
) -> PosturePatch:
    """All that the posture of `resource` sets, as one."""
    patches = tuple(_merged(network_patch(resource, ways), keys_patch(resource)))
    if not patches:
        # A key vault that keeps its public access as it is; rules of an earlier posture go as all do, once the endpoint works.
        patches = (ArmPatch(id=resource.id, api_version=resource.arm.api_version, values={}, rules=()),)
    return PosturePatch(
        logical_name=names.logical(name, "posture"),
        resource=name,
        subscription=resource.id.subscription,
        patches=patches,
        children=children(resource, ways),
        proofs=tuple(_proofs(resource, facts, endpoints))
        if resource.network in ("endpoint", "private")
        else (),
        dns_timeout=60 * (facts.network.dns_timeout if facts.network else 30),
        opens=resource.network == "public",
    )


def network_patch(resource: Resource, ways: WaysIn) -> ArmPatch | None:
    """What `network` sets: public access and the default in one call, and the rules beside those of others."""
    arm = resource.arm
    values = arm.network.values(resource.network)
    if not values:
        return None
    return ArmPatch(
        id=resource.id,
        api_version=arm.api_version,
        values=dict(sorted(values.items())),
        rules=tuple(_rules(resource, ways)),
        requires=(*_preconditions(arm.network.requires), *resource.preconditions()),
    )


def keys_patch(resource: Resource) -> ArmPatch | None:
    """What `keys` sets; None on a kind that has none."""
    arm = resource.arm
    if arm.keys is None:
        return None
    target = resource.id
    if arm.keys.child is not None:
        target = below(target, *arm.keys.child.split("/"))
    return ArmPatch(
        id=target,
        api_version=arm.api_version,
        values=dict(sorted(arm.keys.values(resource.keys).items())),
        rules=(),
        requires=_preconditions(arm.keys.requires) if resource.keys == "forbidden" else (),
    )


def children(resource: Resource, ways: WaysIn) -> tuple[ArmChild, ...]:
    """Rules that are resources of their own, as those of Azure Cache for Redis."""
    rules = resource.arm.addresses
    if rules is None or rules.child is None:
        return ()
    return tuple(
        ArmChild(
            id=below(resource.id, rules.child, rule_name(one)),
            api_version=resource.arm.api_version,
            properties={
                key: form.format(first=one.network[0], last=one.network[-1])
                for key, form in rules.entry.items()
            },
        )
        for one in ways.addresses
    )


def _merged(*patches: ArmPatch | None) -> Iterator[ArmPatch]:
    """One patch for each ARM resource: two calls to one would leave a moment in which half of it holds."""
    found: dict[str, list[ArmPatch]] = {}
    for patch in patches:
        if patch is not None:
            found.setdefault(patch.id.key, []).append(patch)
    for same in found.values():
        yield ArmPatch(
            id=same[0].id,
            api_version=same[0].api_version,
            values=dict(sorted((path, value) for one in same for path, value in one.values.items())),
            rules=tuple(rule for one in same for rule in one.rules),
            requires=tuple(one for patch in same for one in patch.requires),
        )


def _rules(resource: Resource, ways: WaysIn) -> Iterator[RuleList]:
    addresses, subnets = resource.arm.addresses, resource.arm.subnets
    if ways.addresses and addresses and addresses.path and addresses.key and addresses.limit is not None:
        texts = dict.fromkeys(text for one in ways.addresses for text in address_texts(resource, one.network))
        yield RuleList(
            path=addresses.path,
            key=addresses.key,
            entries=tuple(
                {key: form.format(address=text) for key, form in addresses.entry.items()} for text in texts
            ),
            limit=addresses.limit,
        )
    if ways.subnets and subnets is not None:
        yield RuleList(
            path=subnets.path,
            key=subnets.key,
            entries=tuple(
                {key: form.format(subnet=one.text) for key, form in subnets.entry.items()}
                for one in ways.subnets
            ),
            limit=subnets.limit,
        )


def _preconditions(required: tuple[Required, ...]) -> tuple[Precondition, ...]:
    return tuple(Precondition(path=one.path, wanted=one.wanted, because=one.because) for one in required)


def _proofs(
    resource: Resource, facts: Environment[Any], endpoints: tuple[PrivateEndpoint, ...]
) -> Iterator[EndpointProof]:
    for one in endpoints:
        group = resource_group_id(one.subscription, one.resource_group)
        yield EndpointProof(
            endpoint=below_group(group, "Microsoft.Network/privateEndpoints", one.name),
            zones=resource.zones(facts.cloud, one.group_id),
        )
