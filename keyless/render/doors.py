"""The doors of a plan as text: every posture, what `pulumi up` sets for it, whom it shuts out, what Azure Policy has."""

from collections.abc import Iterator, Sequence

from keyless.plan import ArmPatch, Plan, Posture, PosturePatch, StackPlan
from keyless.render.columns import columns

_NETWORK = {
    "public": "opens public access",
    "firewall": "lets in what its rules name, and nobody else",
    "private": "closes public access",
}
_KEYS = {"allowed": "allows keys", "forbidden": "turns keys off"}
_SUBJECTS = {
    "keys": "keys",
    "public": "public access",
    "firewall": "open networks",
    "credentials": "credentials",
}
_OWNERS = {"terraform": "Terraform", "bicep": "Bicep"}


def doors(stacks: Sequence[StackPlan]) -> list[str]:
    """One line for each resource: how it is reached, whether keys work, and who sets that."""
    rows = [
        (
            one.resource + (" (locked)" if one.locked else ""),
            one.kind,
            one.network,
            one.keys if one.keyed else "-",
            _set_by(one),
        )
        for stack in stacks
        for one in stack.shared.postures
    ]
    return columns([("DOORS OF", "KIND", "NETWORK", "KEYS", "SET BY"), *rows]) if rows else []


def _set_by(posture: Posture) -> str:
    if posture.management == "patched":
        return "pulumi up"
    if posture.network in ("public", "endpoint") and posture.keys == "allowed":
        return "(left as it is)"
    return "hand" if posture.owner is None else _OWNERS[posture.owner]


def changes(stacks: Sequence[StackPlan]) -> list[str]:
    """What `pulumi up` sets on resources that others made, and what it waits for."""
    lines = [
        line
        for stack in stacks
        for patch in stack.shared.posture_patches
        for posture in stack.shared.postures
        if posture.resource == patch.resource
        for line in _change(posture, patch)
    ]
    return ["pulumi up sets, and nothing else of these:", *lines] if lines else []


def _change(posture: Posture, patch: PosturePatch) -> Iterator[str]:
    words = [_NETWORK[posture.network]] if posture.network in _NETWORK else []
    words += [_KEYS[posture.keys]] if posture.keyed else []
    yield f"  {patch.resource}: {'; '.join(words) or 'nothing'}"
    if patch.proofs:
        endpoints = ", ".join(one.endpoint.name for one in patch.proofs)
        minutes = patch.dns_timeout // 60
        then = (
            "else it closes nothing" if posture.network == "private" else "before a rule goes that it added"
        )
        yield f"    awaits, at most {minutes} minutes, that approved and found by name are {endpoints}; {then}"
    for one in patch.patches:
        yield from _values(one)
    for child in patch.children:
        yield f"    adds the rule {child.id.name}: {' to '.join(child.properties.values())}"


def _values(patch: ArmPatch) -> Iterator[str]:
    values = ", ".join(f"{path} = {_literal(value)}" for path, value in patch.values.items())
    if values:
        yield f"    {patch.id.name}: {values}"
    for rule in patch.rules:
        yield f"    adds to {rule.path}, beside what others wrote there (at most {rule.limit}):"
        yield from (f"      {entry[rule.key]}" for entry in rule.entries)


def _literal(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def cut_off(stacks: Sequence[StackPlan]) -> list[str]:
    """Each sentence once, below all resources that it is about."""
    by_sentence: dict[str, list[str]] = {}
    for stack in stacks:
        for one in stack.shared.postures:
            for sentence in one.cuts_off:
                by_sentence.setdefault(sentence, []).append(one.resource)
    by_names: dict[tuple[str, ...], list[str]] = {}
    for sentence, names in by_sentence.items():
        by_names.setdefault(tuple(names), []).append(sentence)
    lines = [
        line
        for names, sentences in by_names.items()
        for line in (f"  {', '.join(names)}:", *(f"    {sentence}" for sentence in sentences))
    ]
    return ["These doors shut out:", *lines] if lines else []


def policies(plan: Plan) -> list[str]:
    """What audits or denies the same in Azure Policy, and what of this plan it would flag today."""
    about_kinds = [one for one in plan.policies if one.kinds]
    if not about_kinds:
        return []
    rows = [
        (
            ", ".join(one.kinds),
            _SUBJECTS[one.subject],
            "(none is built in)" if one.definition is None else one.definition,
            ", ".join(one.flags) or "-",
        )
        for one in about_kinds
    ]
    rest = len(plan.policies) - len(about_kinds)
    told = f"keyless render {plan.environment} --policy writes their assignments"
    more = [f"{rest} more can deny the credentials that Keyless makes"] if rest else []
    return [*columns([("POLICY FOR", "ABOUT", "DEFINITION", "WOULD FLAG"), *rows]), told, *more]
