"""The words of postures and of Azure Policy, explained: what each sets on each kind, from the catalogue."""

from collections.abc import Iterator, Mapping

from keyless.catalogue import KINDS, entry
from keyless.catalogue.arm import ArmType, Value, arm_type
from keyless.catalogue.policies import policies

_WORDS = {
    "public": "network: public. Open to every network; who may enter still needs a grant or a key.",
    "firewall": "network: firewall. Open to the clusters' `subnets` and `egress`, and to nobody else; rules that others wrote stay.",
    "endpoint": "network: endpoint. A private endpoint, once per resource and network; public access stays as it is.",
    "private": "network: private. A private endpoint, and public access closed once it is approved and every name that it needs has an address.",
    "allowed": "keys: allowed. Access keys work beside identities.",
    "forbidden": "keys: forbidden. Access keys do not work: the end of the road, once no app leans on one.",
    "managed": "zones: managed. Keyless makes the private DNS zones and links them to the network. Refused for a spoke, and for a network with DNS servers of its own.",
    "policy": "zones: policy. An Azure Policy writes the zone group of each endpoint; Keyless writes none and waits for the records.",
    "referenced": "management: referenced. Keyless makes grants and endpoints; what the posture wants of the resource itself is a manual step.",
    "patched": "management: patched. `pulumi up` sets what `network` and `keys` say, and nothing else of the resource; both must be written, so that no line left out opens a door.",
    "locked": "locked: true. A delete lock stands on the resource or above it: grants can be added there, and neither removed nor replaced.",
}
_DETAILS = {
    "public": "network",
    "firewall": "network",
    "private": "network",
    "allowed": "keys",
    "forbidden": "keys",
}


def posture_words() -> tuple[str, ...]:
    """Every word that can be explained here."""
    return tuple(sorted(_WORDS))


def explain_posture(word: str) -> str | None:
    """What `word` means, and what it sets on each kind; None where it is no word of a posture."""
    if word not in _WORDS:
        return None
    return "\n".join([_WORDS[word], *_details(word)]) + "\n"


def explain_policy(word: str) -> str | None:
    """What the built-in definition with the GUID `word` does; None where it is not known."""
    known = policies()
    for one in (*known.definitions, *known.credentials):
        if word.lower() == one.id:
            note = [f"  {one.note}"] if one.note else []
            lines = [
                one.name,
                f"  Azure Policy on {one.type}, about {one.subject}",
                f"  effects: {', '.join(one.effects)}",
            ]
            return "\n".join([*lines, *note, f"  source: {known.source}, read {known.read}"]) + "\n"
    for trap in known.traps:
        if word.lower() == trap.id:
            return f"{trap.name}\n  Azure Policy on {trap.type}, to be left alone: {trap.because}\n"
    for group, zone in known.zones.items():
        if word.lower() == zone.id:
            short = zone.short or "writes every zone that its endpoints need"
            return (
                f"{zone.name}\n  Azure Policy that writes the zone group of endpoints of {group}: {short}\n"
            )
    return None


def _details(word: str) -> Iterator[str]:
    if word == "policy":
        for group, one in policies().zones.items():
            yield f"  {group}: {one.name} ({one.id})" + (f", which {one.short}" if one.short else "")
    if word not in _DETAILS:
        return
    for kind, arm in _kinds().items():
        values = _values(word, arm)
        if values is not None:
            told = ", ".join(f"{path} = {_literal(value)}" for path, value in values.items())
            yield f"  {kind}: {told or 'cannot be had'}"
            yield from (f"    shuts out {sentence}" for sentence in _cuts_off(word, arm))


def _kinds() -> Mapping[str, ArmType]:
    return {
        name: arm_type(target.type) for kind in KINDS for name, target in sorted(entry(kind).targets.items())
    }


def _values(word: str, arm: ArmType) -> Mapping[str, Value] | None:
    """None on a kind that has no keys, where the word is about them."""
    match word:
        case "public":
            return arm.network.public
        case "firewall":
            return arm.network.firewall or {}
        case "private":
            return arm.network.private
        case "allowed":
            return arm.keys.allowed if arm.keys else None
        case _:
            return arm.keys.forbidden if arm.keys else None


def _cuts_off(word: str, arm: ArmType) -> tuple[str, ...]:
    told = arm.cuts_off
    return {"firewall": told.firewall, "private": told.private, "forbidden": told.forbidden}.get(word, ())


def _literal(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else value
