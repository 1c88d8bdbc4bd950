"""Manual steps: what a resource's posture wants and this stack may not do, as commands or an owner's lines to paste."""

import shlex
from collections.abc import Iterator, Mapping

from keyless.catalogue import Firewall
from keyless.firewall import WaysIn, address_texts, rule_name
from keyless.owner_lines import Step, bicep_lines, terraform_lines
from keyless.plan import ManualStep
from keyless.postures import children, keys_patch, network_patch
from keyless.resource import Resource

_OWNERS = {"terraform": "Terraform", "bicep": "Bicep"}


def manual_steps(name: str, resource: Resource, stack: str, ways: WaysIn) -> Iterator[ManualStep]:
    """The steps left to people for one resource that is not `patched`."""
    for step, text in _wanted(name, resource).items():
        if resource.owner is not None:
            lines = tuple(_owner_lines(name, resource, step, ways))
            text = f"{text}: in the {_OWNERS[resource.owner]} that makes it"
        else:
            lines = tuple(_commands(resource, step, ways))
        yield ManualStep(stack=stack, resource=name, app=None, step=text, command="\n".join(lines))


def _wanted(name: str, resource: Resource) -> Mapping[Step, str]:
    found: dict[Step, str] = {}
    if resource.network == "firewall":
        found["firewall"] = f"let the clusters reach {name}, then nobody else"
    if resource.network == "private":
        found["private"] = f"close public access to {name}, once its endpoint works"
    if resource.keys == "forbidden":
        ends = f" (this ends {resource.facts.keys_off_ends})" if resource.facts.keys_off_ends else ""
        found["forbidden"] = f"turn the keys of {name} off, once nothing uses them{ends}"
    return found


def _owner_lines(name: str, resource: Resource, step: Step, ways: WaysIn) -> Iterator[str]:
    if resource.owner == "terraform":
        yield from terraform_lines(name, resource, step, ways)
        return
    patch = keys_patch(resource) if step == "forbidden" else network_patch(resource, ways)
    if patch is not None:
        yield from bicep_lines(patch, children(resource, ways) if step == "firewall" else ())


def _commands(resource: Resource, step: Step, ways: WaysIn) -> Iterator[str]:
    facts = resource.facts
    match step:
        case "private":
            yield _filled(facts.close, resource)
        case "forbidden" if facts.keys_off is not None:
            yield _filled(facts.keys_off, resource)
        case "firewall" if facts.firewall is not None:
            # Whoever may stay is let in before the others are turned away.
            yield from _rules(facts.firewall, resource, ways)
            if facts.firewall.deny:
                yield _filled(facts.firewall.deny, resource)


def _rules(firewall: Firewall, resource: Resource, ways: WaysIn) -> Iterator[str]:
    if firewall.subnet is not None:
        for subnet in ways.subnets:
            yield _filled(firewall.subnet, resource, subnet=subnet.text)
    if firewall.ip is not None:
        filled = (
            _filled(
                firewall.ip,
                resource,
                ip=text,
                rule=rule_name(one),
                first=str(one.network[0]),
                last=str(one.network[-1]),
            )
            for one in ways.addresses
            for text in address_texts(resource, one.network)
        )
        yield from dict.fromkeys(filled)


def _filled(command: str, resource: Resource, **words: str) -> str:
    every = {"id": resource.id.text, "name": resource.id.name, "group": resource.id.resource_group, **words}
    return command.format(**{word: shlex.quote(text) for word, text in every.items()})
