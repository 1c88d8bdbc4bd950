"""Keys that pods are still given: variables and files that hold one by name or by value, and what nobody can see.

Values are looked at where they stand and go nowhere: not into a Leak, a message or a log.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from keyless.catalogue import entry
from keyless.doctor.manifest import Manifest, Manifests, at
from keyless.doctor.pod import Container, Import, Pod, Store, Variable, Volume

# No connection string or SAS is longer; what a longer line costs grows with its square.
MAX_LINE = 4_000


@dataclass(frozen=True, slots=True)
class Leak:
    """A key of the kind `kind` that a container is given, as a variable or a file; `how` it is known, never the value."""

    kind: str
    file: str
    line: int
    workload: str
    container: str
    variable: str
    how: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """A Secret or ConfigMap that a container gets whole, and that no manifest holds: it may hold a key."""

    file: str
    line: int
    workload: str
    container: str
    store: Store
    name: str


@dataclass(frozen=True, slots=True)
class Target:
    """Whose keys are looked for: the kinds of use that a resource serves, and its name in Azure."""

    kinds: tuple[str, ...]
    name: str


def find_leaks(pod: Pod, manifests: Manifests, target: Target) -> Iterator[Leak | Unseen]:
    """The keys of `target` that the pod's containers are given, in the order in which they stand."""
    for container in pod.containers:
        seeker = _Seeker(pod, container, manifests, target)
        for variable in container.variables:
            yield from seeker.variable(variable)
        for one in container.imports:
            yield from seeker.whole(one)
        for volume in container.volumes:
            yield from seeker.whole(volume)
        yield from seeker.arguments()


@dataclass(frozen=True, slots=True)
class _Seeker:
    """One container, what stands beside it, and whose keys are looked for."""

    pod: Pod
    container: Container
    manifests: Manifests
    target: Target

    def variable(self, one: Variable) -> Iterator[Leak]:
        if one.store is None or one.name_of_store is None or one.key is None:
            value = at(self.pod.manifest.value, (*one.path, "value"))
            yield from self.judged(one.name, one.line, (one.name,), value, False, "")
            return
        value = next(iter(values_of(self.stored(one.store, one.name_of_store), one.key)), None)
        words = (one.name, one.key, f"{one.name_of_store}_{one.key}")
        of = f"the {one.store} {one.name_of_store}"
        yield from self.judged(one.name, one.line, words, value, one.store == "Secret", of)

    def whole(self, one: Import | Volume) -> Iterator[Leak | Unseen]:
        """Every key of a store, or those that a volume names."""
        holders = self.stored(one.store, one.name_of_store)
        named = one.keys if isinstance(one, Volume) else None
        known = [key for holder in holders for key in keys_of(holder, one.name_of_store)]
        if not known and named is None:
            # What is mounted and is no Secret holds certificates and settings of the platform, as a rule.
            if isinstance(one, Import) or one.store == "Secret":
                yield Unseen(
                    self.pod.manifest.file,
                    one.line,
                    self.workload,
                    self.container.name,
                    one.store,
                    one.name_of_store,
                )
            return
        prefix = one.prefix if isinstance(one, Import) else ""
        of = f"the {one.store} {one.name_of_store}"
        for key in dict.fromkeys(named if named is not None else known):
            value = next(iter(values_of(holders, key)), None)
            words = (prefix + key, f"{one.name_of_store}_{key}")
            yield from self.judged(prefix + key, one.line, words, value, one.store == "Secret", of)

    def arguments(self) -> Iterator[Leak]:
        """Values in `command` and `args`."""
        path = self.pod.manifest.pod_path() or ()
        index = [one for one in self.pod.containers if one.field == self.container.field].index(
            self.container
        )
        for word in ("command", "args"):
            here = (*path, self.container.field, index, word)
            listed = at(self.pod.manifest.value, here)
            for number, value in enumerate(listed if isinstance(listed, list) else ()):
                line = self.pod.manifest.line_of((*here, number))
                yield from self.judged(f"{word}[{number}]", line, (), value, False, "")

    def judged(
        self, shown: str, line: int, words: Iterable[str], value: Any, secret: bool, of: str
    ) -> Iterator[Leak]:
        """At most one Leak: by value, which may say that the key is another resource's, else by name."""
        by_value = _value_kind(value, self.target)
        if by_value == "":
            return
        kind = by_value or _name_kind(words, self.target.kinds, secret)
        if kind is not None:
            how = "by its value" if by_value else "by its name"
            how += f", from {of}" if of else ""
            yield Leak(kind, self.pod.manifest.file, line, self.workload, self.container.name, shown, how)

    @property
    def workload(self) -> str:
        return f"{self.pod.manifest.kind} {self.pod.manifest.name}"

    def stored(self, store: Store, name: str) -> tuple[Manifest, ...]:
        """What the manifests hold of a Secret or ConfigMap, also as what makes one in the cluster."""
        made = [*self.manifests.named(store, name)]
        if store == "Secret":
            made += self.manifests.named("SealedSecret", name)
            made += [
                one
                for one in self.manifests.objects
                if one.kind == "SecretProviderClass" and name in _synced(one)
            ]
            made += [
                one
                for one in self.manifests.objects
                if one.kind == "ExternalSecret"
                and (at(one.value, ("spec", "target", "name")) or one.name) == name
            ]
        return tuple(made)


def keys_of(holder: Manifest, name: str) -> tuple[str, ...]:
    """The keys of a Secret or ConfigMap, or of the Secret `name` that another object becomes in the cluster."""
    if holder.kind == "SecretProviderClass":
        return _synced(holder).get(name, ())
    if holder.kind == "ExternalSecret":
        listed = at(holder.value, ("spec", "data"))
        whole = at(holder.value, ("spec", "dataFrom"))
        entries = listed if isinstance(listed, list) and not whole else ()
        return tuple(str(one.get("secretKey")) for one in entries if isinstance(one, dict))
    sections = [("spec", "encryptedData")] if holder.kind == "SealedSecret" else [("data",), ("stringData",)]
    found = (at(holder.value, section) for section in sections)
    return tuple(str(key) for one in found if isinstance(one, dict) for key in one)


def _synced(holder: Manifest) -> dict[str, tuple[str, ...]]:
    """Keys of the Secrets that a SecretProviderClass writes, by name."""
    listed = at(holder.value, ("spec", "secretObjects"))
    return {
        str(one.get("secretName")): tuple(
            str(entry.get("key")) for entry in one.get("data") or () if isinstance(entry, dict)
        )
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict)
    }


def values_of(holders: Iterable[Manifest], key: str) -> Iterator[str]:
    """The values of one key, decoded; none of what is sealed or stands elsewhere."""
    for holder in holders:
        plain = at(holder.value, ("stringData" if holder.kind == "Secret" else "data", key))
        if isinstance(plain, str):
            yield plain
        encoded = at(holder.value, ("data", key)) if holder.kind == "Secret" else None
        if isinstance(encoded, str):
            try:
                yield base64.b64decode(encoded, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                continue


def _name_kind(words: Iterable[str], kinds: tuple[str, ...], secret: bool) -> str | None:
    names = [re.sub(r"[-. /]", "_", word).upper() for word in words]
    for kind in kinds:
        facts = entry(kind)
        patterns = facts.leaks + (facts.secret_leaks if secret else ())
        if any(fnmatchcase(name, pattern.upper()) for name in names for pattern in patterns):
            return kind
    return None


def _value_kind(value: Any, target: Target) -> str | None:
    """The kind whose key the value holds; an empty text where it is the key of another resource, None where it is none."""
    foreign = None
    for line in value.splitlines() if isinstance(value, str) else ():
        for kind in target.kinds:
            for pattern in _patterns(kind):
                match = pattern.search(line[:MAX_LINE])
                if match is None:
                    continue
                named = match.groupdict().get("name")
                if named is None or named.lower() == target.name.lower():
                    return kind
                foreign = ""
    return foreign


@cache
def _patterns(kind: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in entry(kind).leaking_values)
