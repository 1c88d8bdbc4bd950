"""The built-in policy definitions that audit or deny what this plan closes, and what each would flag in it."""

from collections.abc import Iterable, Iterator

from keyless.catalogue.policies import Definition, policies
from keyless.plan import BuiltInPolicy, PolicySubject, Posture

_OPEN: dict[PolicySubject, frozenset[str]] = {
    "public": frozenset({"public", "firewall", "endpoint"}),
    "firewall": frozenset({"public", "endpoint"}),
}


def builtin_policies(postures: Iterable[Posture], *, identities: bool) -> Iterator[BuiltInPolicy]:
    """Definitions for the types in `postures`, by kind; last those for credentials, where the plan makes `identities`."""
    by_type: dict[str, list[Posture]] = {}
    for posture in postures:
        by_type.setdefault(posture.id.type, []).append(posture)
    known = policies()
    for type_, mine in sorted(by_type.items(), key=lambda item: min(one.kind for one in item[1])):
        kinds = tuple(sorted({one.kind for one in mine}))
        for definition in known.definitions:
            if definition.type == type_:
                flags = sorted(one.resource for one in mine if _flagged(definition.subject, one))
                yield _policy(definition, kinds, tuple(flags))
        for missing in known.none:
            if missing.type == type_:
                yield BuiltInPolicy(
                    kinds=kinds,
                    subject=missing.subject,
                    name=None,
                    definition=None,
                    effects=(),
                    effect_parameter=None,
                    note=None,
                    flags=(),
                )
    if identities:
        for definition in known.credentials:
            yield _policy(definition, (), ())


def _flagged(subject: PolicySubject, posture: Posture) -> bool:
    if subject == "keys":
        return posture.keys == "allowed"
    return posture.network in _OPEN.get(subject, frozenset())


def _policy(definition: Definition, kinds: tuple[str, ...], flags: tuple[str, ...]) -> BuiltInPolicy:
    return BuiltInPolicy(
        kinds=kinds,
        subject=definition.subject,
        name=definition.name,
        definition=definition.id,
        effects=definition.effects,
        effect_parameter=definition.effect_parameter,
        note=definition.note,
        flags=flags,
    )
