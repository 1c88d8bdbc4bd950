"""A word of Keyless or of Azure, explained from the catalogue."""

from difflib import get_close_matches

from keyless.catalogue import KINDS, Entry, Target, entry, refused
from keyless.errors import SpecError
from keyless.finding import Finding


def render_explanation(word: str) -> str:
    """What `word` is: a kind of use or of resource, or the name or id of a role. Raises SpecError where it is neither."""
    if word in KINDS:
        return _kind(word, entry(word))
    for never in refused():
        if word.lower() in (never.name.lower(), never.id):
            return f"{never.name} ({never.id})\n  refused, even with a waiver: {never.because}\n"
    for kind in KINDS:
        facts_of = entry(kind).targets.get(word)
        if facts_of is not None:
            return _target(word, kind, facts_of)
    lines: list[str] = []
    names: set[str] = set()
    for kind in KINDS:
        facts = entry(kind)
        for target, verbs in facts.roles.items():
            for verb, role in verbs.items():
                names.add(role.name)
                if word.lower() in (role.name.lower(), role.id):
                    lines.append(f"  what `{kind}` gets on a {target} with access: {verb}")
    if lines:
        return "\n".join([word, *lines]) + "\n"
    known = sorted({*KINDS, *names, *(target for kind in KINDS for target in entry(kind).targets)})
    near = get_close_matches(word, known, 3)
    raise SpecError(
        Finding(
            rule="unknown-word",
            message=f"'{word}' is not known here",
            fix="try one of: " + ", ".join(near or known),
        )
    )


def _target(word: str, kind: str, facts: Target) -> str:
    lines = [word, f"  Azure resource: {facts.type}", f"  serves: {kind}", f"  port: {facts.port}"]
    lines += [f"  host in the cloud {cloud}: {host}" for cloud, host in facts.hosts.items()]
    lines += [
        f"  private DNS zones in the cloud {cloud}: {', '.join(zones)}"
        for cloud, zones in facts.zones.items()
    ]
    lines.append(f"  close public access: {facts.close}")
    if facts.keys_off:
        lines.append(f"  turn keys off: {facts.keys_off}")
    return "\n".join(lines) + "\n"


def _kind(kind: str, facts: Entry) -> str:
    lines = [kind, f"  token scope: {facts.scope}"]
    for target, verbs in facts.roles.items():
        for verb, role in verbs.items():
            lines.append(f"  on a {target}, {verb}: {role.name}" + (f" ({role.id})" if role.id else ""))
            if role.wider:
                lines.append(f"    wider than asked: {role.wider}")
    if facts.leaks:
        lines.append(f"  variables that it makes useless: {', '.join(facts.leaks)}")
    lines.append(f"  source: {facts.source}, read {facts.read}")
    return "\n".join(lines) + "\n"
