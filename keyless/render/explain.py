"""A word of Keyless or of Azure, explained from the catalogue."""

from collections.abc import Iterator
from difflib import get_close_matches

from keyless.catalogue import KINDS, Entry, Role, Target, entry, refused
from keyless.errors import SpecError
from keyless.finding import Finding
from keyless.render.posture_words import explain_policy, explain_posture, posture_words


def render_explanation(word: str) -> str:
    """What `word` is: a kind of use or of resource, a word of a posture, a role or a policy by name or id. Raises SpecError where it is none."""
    wanted = word.strip().lower()
    posture = explain_posture(wanted) or explain_policy(wanted)
    told = [*_kinds(wanted), *([posture] if posture else ()), *_refused(wanted), *_roles(wanted)]
    if told:
        return "\n".join(told)
    near = get_close_matches(wanted, [one.lower() for one in words()], 3)
    known = [one for one in words() if one.lower() in near] if near else words()
    raise SpecError(
        Finding(
            rule="unknown-word",
            message=f"'{word}' is not known here",
            fix="try one of: " + ", ".join(known),
        )
    )


def words() -> list[str]:
    """Every word that can be explained, but for the ids of roles."""
    found = {*KINDS, *(target for kind in KINDS for target in entry(kind).targets)}
    found |= {*posture_words()} | {role.name for role, _ in _granted()} | {role.name for role in refused()}
    return sorted(found)


def _kinds(wanted: str) -> Iterator[str]:
    """A use and a resource may have one name, as `openai` has: both are told."""
    if wanted in KINDS:
        yield _kind(wanted, entry(wanted))
    for kind in KINDS:
        facts = entry(kind).targets.get(wanted)
        if facts is not None:
            yield _target(wanted, facts)


def _refused(wanted: str) -> Iterator[str]:
    for never in refused():
        if wanted in (never.name.lower(), never.id):
            yield f"{never.name} ({never.id})\n  refused, even with a waiver: {never.because}\n"


def _granted() -> Iterator[tuple[Role, str]]:
    """Each role that an app can get, with the line that says when."""
    for kind in KINDS:
        facts = entry(kind)
        for target, verbs in facts.roles.items():
            for verb, role in verbs.items():
                yield role, f"  what `{kind}` gets on a {target} with access: {verb}"
        for target, roles in facts.waivers.items():
            for role in roles:
                yield role, f"  what a waiver of `{kind}` may name on a {target}"


def _roles(wanted: str) -> Iterator[str]:
    found = [(role, line) for role, line in _granted() if wanted in (role.name.lower(), role.id)]
    if not found:
        return
    role = found[0][0]
    yield f"{role.name} ({role.id or 'an access policy of a cache'})"
    yield from dict.fromkeys(line for _, line in found)
    yield from dict.fromkeys(f"  wider than asked: {one.wider}" for one, _ in found if one.wider)
    yield ""


def _target(word: str, facts: Target) -> str:
    serves = ", ".join(kind for kind in KINDS if word in entry(kind).roles)
    lines = [
        f"{word}, a resource",
        f"  Azure resource: {facts.type}",
        f"  serves: {serves}",
        f"  port: {facts.port}",
    ]
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
    lines = [f"{kind}, a use"]
    lines += [f"  token scope in the cloud {cloud}: {scope}" for cloud, scope in facts.scope.items()]
    for target, verbs in facts.roles.items():
        for verb, role in verbs.items():
            lines.append(f"  on a {target}, {verb}: {role.name}" + (f" ({role.id})" if role.id else ""))
            if role.wider:
                lines.append(f"    wider than asked: {role.wider}")
    for target, roles in facts.waivers.items():
        if roles:
            lines.append(f"  a waiver may name on a {target}: {', '.join(role.name for role in roles)}")
    if facts.leaks:
        lines.append(f"  variables that it makes useless: {', '.join(facts.leaks)}")
    lines.append(f"  source: {facts.source}, read {facts.read}")
    return "\n".join(lines) + "\n"
