"""A word of Keyless or of Azure, explained from the catalogue."""

from difflib import get_close_matches

from keyless.catalogue import KINDS, Entry, Target, entry, refused
from keyless.errors import SpecError
from keyless.finding import Finding
from keyless.render.posture_words import explain_policy, explain_posture, posture_words


def render_explanation(word: str) -> str:
    """What `word` is: a kind, a word of a posture, a role or a policy by name or id. Raises SpecError where it is none."""
    if word in KINDS:
        return _kind(word, entry(word))
    told = explain_posture(word) or explain_policy(word)
    if told is not None:
        return told
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
    targets = (target for kind in KINDS for target in entry(kind).targets)
    known = sorted({*KINDS, *names, *targets, *posture_words()})
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
        f"  private DNS zones of {group} in the cloud {cloud}: {', '.join(zones)}"
        for cloud, groups in facts.zones.items()
        for group, zones in groups.items()
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
