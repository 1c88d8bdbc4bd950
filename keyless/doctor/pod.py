"""The pods of a workload as its manifest writes them: containers, variables and volumes, each with its line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from keyless.doctor.manifest import Manifest, at
from keyless.source import Key

Store = Literal["Secret", "ConfigMap"]
_STORES: dict[str, tuple[Store, str]] = {
    "secretKeyRef": ("Secret", "name"),
    "configMapKeyRef": ("ConfigMap", "name"),
    "secretRef": ("Secret", "name"),
    "configMapRef": ("ConfigMap", "name"),
}


@dataclass(frozen=True, slots=True)
class Variable:
    """One entry of `env`. `path` leads to it; its value, where it has one, is read there and kept nowhere.

    `store`, `name_of_store` and `key` are set where a Secret or ConfigMap gives the value.
    """

    name: str
    line: int
    path: tuple[Key, ...]
    store: Store | None
    name_of_store: str | None
    key: str | None


@dataclass(frozen=True, slots=True)
class Import:
    """One entry of `envFrom`: every key of a Secret or ConfigMap, with a prefix."""

    store: Store
    name_of_store: str
    prefix: str
    line: int


@dataclass(frozen=True, slots=True)
class Volume:
    """A Secret or ConfigMap as files; `keys` are the ones that it names, None for all of them."""

    store: Store
    name_of_store: str
    keys: tuple[str, ...] | None
    line: int


@dataclass(frozen=True, slots=True)
class Container:
    """A container; `field` is the list of the pod that it stands in. `volumes` are those that it mounts."""

    name: str
    field: Literal["initContainers", "containers", "ephemeralContainers"]
    line: int
    variables: tuple[Variable, ...]
    imports: tuple[Import, ...]
    volumes: tuple[Volume, ...]


@dataclass(frozen=True, slots=True)
class Pod:
    """The pods of one workload."""

    manifest: Manifest
    service_account: str
    labels: dict[str, str]
    containers: tuple[Container, ...]


def pod_of(manifest: Manifest) -> Pod | None:
    """The pods of a workload; None for an object without pods."""
    path = manifest.pod_path()
    if path is None:
        return None
    spec = at(manifest.value, path)
    labels = at(manifest.value, (*path[:-1], "metadata", "labels"))
    account = at(spec, ("serviceAccountName",)) or at(spec, ("serviceAccount",))
    return Pod(
        manifest,
        account if isinstance(account, str) else "default",
        {str(key): str(one) for key, one in labels.items()} if isinstance(labels, dict) else {},
        tuple(_containers(manifest, path)),
    )


def _containers(manifest: Manifest, spec: tuple[str, ...]) -> Iterator[Container]:
    volumes: dict[str, list[Volume]] = {}
    for path, one in _items(manifest, (*spec, "volumes")):
        volumes[str(one.get("name"))] = list(_volumes(manifest, path, one))
    fields: tuple[Literal["initContainers", "containers", "ephemeralContainers"], ...]
    fields = ("initContainers", "containers", "ephemeralContainers")
    for field in fields:
        for path, one in _items(manifest, (*spec, field)):
            mounts = {str(mount.get("name")) for _, mount in _items(manifest, (*path, "volumeMounts"))}
            yield Container(
                name=str(one.get("name")),
                field=field,
                line=manifest.line_of(path),
                variables=tuple(
                    _variable(manifest, at_, entry) for at_, entry in _items(manifest, (*path, "env"))
                ),
                imports=tuple(
                    made
                    for at_, entry in _items(manifest, (*path, "envFrom"))
                    for made in _imports(manifest, at_, entry)
                ),
                volumes=tuple(made for name in sorted(mounts) for made in volumes.get(name, ())),
            )


def _variable(manifest: Manifest, path: tuple[Key, ...], entry: dict[str, Any]) -> Variable:
    given = entry.get("valueFrom")
    line = manifest.line_of(path)
    for word, (store, name) in _STORES.items():
        reference = given.get(word) if isinstance(given, dict) else None
        if isinstance(reference, dict):
            named, key = str(reference.get(name)), str(reference.get("key"))
            return Variable(str(entry.get("name")), line, path, store, named, key)
    return Variable(str(entry.get("name")), line, path, None, None, None)


def _imports(manifest: Manifest, path: tuple[Key, ...], entry: dict[str, Any]) -> Iterator[Import]:
    for word, (store, name) in _STORES.items():
        reference = entry.get(word)
        if isinstance(reference, dict):
            prefix = str(entry.get("prefix") or "")
            yield Import(store, str(reference.get(name)), prefix, manifest.line_of(path))


def _volumes(manifest: Manifest, path: tuple[Key, ...], volume: dict[str, Any]) -> Iterator[Volume]:
    sources = [(path, volume)]
    sources += _items(manifest, (*path, "projected", "sources"))
    for where, source in sources:
        secret, config = source.get("secret"), source.get("configMap")
        if isinstance(secret, dict):
            # A volume says `secretName`; a source of a projected one says `name`.
            name = secret.get("secretName") or secret.get("name")
            yield Volume("Secret", str(name), _keys(secret), manifest.line_of(where))
        if isinstance(config, dict):
            yield Volume("ConfigMap", str(config.get("name")), _keys(config), manifest.line_of(where))


def _keys(source: dict[str, Any]) -> tuple[str, ...] | None:
    items = source.get("items")
    if not isinstance(items, list):
        return None
    return tuple(str(one.get("key")) for one in items if isinstance(one, dict))


def _items(manifest: Manifest, path: tuple[Key, ...]) -> list[tuple[tuple[Key, ...], dict[str, Any]]]:
    """Each mapping of the list at `path`, with its own path."""
    listed = at(manifest.value, path)
    if not isinstance(listed, list):
        return []
    return [((*path, index), one) for index, one in enumerate(listed) if isinstance(one, dict)]
