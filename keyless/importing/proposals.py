"""What was found, as entries of one environment: what is new, what stands there already, and what has no kind here."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from keyless.catalogue import entry
from keyless.catalogue.imports import imports
from keyless.importing.apps import AppProposal, app_proposals
from keyless.importing.arm import take_arm
from keyless.importing.inventory import FoundResource, Inventory
from keyless.importing.reading import USAGE, read_documents, refused
from keyless.importing.terraform import is_terraform, take_terraform
from keyless.plan import ArmId
from keyless.project import LoadedEnvironment, Project

STORAGE = "Microsoft.Storage/storageAccounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An entry under `resources`: `fields` as they are written, in order; `notes` are what its author must look at."""

    name: str
    fields: Mapping[str, str | bool]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposals:
    """Everything, sorted. `known` are ids of resources by their names here; `left` counts what has no kind, by why.

    `unread` and `planned` count as in the inventory.
    """

    environment: str
    resources: tuple[Proposal, ...]
    known: Mapping[str, str]
    apps: tuple[AppProposal, ...]
    left: Mapping[str, int]
    unread: int
    planned: int


def read_proposals(stream: BinaryIO, project: Project, environment: LoadedEnvironment) -> Proposals:
    """The proposals for what `stream` holds. Raises SpecError where it holds nothing that can be read."""
    documents = read_documents(stream)
    found = Inventory()
    for document in documents:
        if is_terraform(document):
            take_terraform(document, found)
        else:
            take_arm(document, found)
    if found.empty and found.unread:
        raise refused(
            "unknown-shape",
            "standard input is JSON, but no resource of az, Resource Graph or Terraform",
            USAGE,
        )
    return propose(found, project, environment)


def propose(found: Inventory, project: Project, environment: LoadedEnvironment) -> Proposals:
    """Entries for what is new in `environment`."""
    here = {resource.id.key: name for name, resource in environment.facts.resources.items()}
    left = Counter(found.left)
    known: dict[str, str] = {}
    new: list[tuple[FoundResource, str]] = []
    for key, resource in sorted(found.resources.items()):
        kind, why = _kind(resource)
        if key in here:
            known[here[key]] = resource.id.text
        elif kind is None:
            left[why] += 1
        else:
            new.append((resource, kind))
    names = _names([resource for resource, _ in new], environment)
    entries = (_proposal(names[one.id.key], one, kind, environment) for one, kind in new)
    return Proposals(
        environment=environment.name,
        resources=tuple(sorted(entries, key=lambda one: one.name)),
        known=dict(sorted(known.items())),
        apps=app_proposals(found, project, environment),
        left=dict(sorted(left.items())),
        unread=found.unread,
        planned=found.planned,
    )


def _kind(found: FoundResource) -> tuple[str | None, str]:
    """The kind, or None and what the resource is instead."""
    words = imports().types[found.type]
    if "*" in words.kinds:
        return words.kinds["*"], ""
    if words.kinds:
        kind = words.kinds.get(found.arm_kind or "")
        return kind, f"{found.type} of kind {found.arm_kind or 'unknown'}"
    sku, host = found.texts.get("sku"), found.texts.get("host", "").lower()
    for start, kind in words.skus.items():
        if sku is not None and sku.startswith(start):
            return kind, f"{found.type} of the old Enterprise tier"
    for end, kind in words.hosts.items():
        if host.endswith(end):
            return kind, f"{found.type} of the old Enterprise tier"
    return None, f"{found.type} without SKU or host, so Managed Redis or the old Enterprise tier"


def _proposal(name: str, found: FoundResource, kind: str, environment: LoadedEnvironment) -> Proposal:
    fields: dict[str, str | bool] = {"kind": kind, "id": found.id.text}
    if found.location is not None and found.location != environment.facts.location:
        fields["location"] = found.location
    fields |= _hosts(found, kind, environment.facts.cloud)
    if kind == "keyvault" and found.detailed and not found.flags.get("roles", False):
        fields["authorization"] = "access-policy"
    if found.flags.get("data_lake"):
        fields["hierarchical_namespace"] = True
    if found.terraform:
        fields["owner"] = "terraform"
    return Proposal(
        name=name, fields=fields, notes=tuple(_notes(found, kind, fields, environment.facts.cloud))
    )


def _hosts(found: FoundResource, kind: str, cloud: str) -> Iterator[tuple[str, str]]:
    """The host or endpoint, where it is known and not what Keyless derives."""
    host, subdomain = found.texts.get("host"), found.texts.get("subdomain")
    if kind == "redis-managed" and host:
        yield "host", host.lower()
    if kind == "redis-cache" and host:
        pattern = entry("redis").targets[kind].hosts.get(cloud)
        if pattern is None or pattern.format(name=found.id.name).lower() != host.lower():
            yield "host", host.lower()
    if kind in ("openai", "foundry") and subdomain and subdomain.lower() != found.id.name.lower():
        pattern = entry("openai").targets["openai"].hosts[cloud]
        yield "endpoint", "https://" + pattern.format(subdomain=subdomain.lower())


def _notes(found: FoundResource, kind: str, fields: Mapping[str, Any], cloud: str) -> Iterator[str]:
    show = f"az resource show --ids {found.id.text}"
    if kind == "redis-managed" and "host" not in fields:
        yield f"host: must be stated: {show} --query properties.hostName -o tsv"
    if kind in ("openai", "foundry") and "subdomain" not in found.texts:
        if found.detailed:
            yield (
                "it has no custom subdomain, so it takes no Entra token: "
                f"az resource update --ids {found.id.text} --set properties.customSubDomainName={found.id.name.lower()}"
            )
        else:
            yield (
                f"endpoint: must be stated where its subdomain is not {found.id.name.lower()}: "
                f"{show} --query properties.customSubDomainName -o tsv"
            )
    if kind == "keyvault" and not found.detailed:
        yield (
            "authorization: access-policy must be stated where this does not print true: "
            f"{show} --query properties.enableRbacAuthorization -o tsv"
        )
    if kind == "foundry":
        yield "a foundry use needs keys: forbidden here"
    if kind == "storage" and not found.detailed:
        yield f"hierarchical_namespace: true must be stated where this prints true: {show} --query properties.isHnsEnabled -o tsv"
    stands = [
        text
        for flag, text in (("closed", "public access is closed"), ("keys_off", "keys are off"))
        if found.flags.get(flag)
    ]
    if stands:
        yield f"as it stands, {' and '.join(stands)}"


def _names(found: list[FoundResource], environment: LoadedEnvironment) -> dict[str, str]:
    """A logical name for each id: of its Azure name, without the environment's; those that would be equal end in a hash."""
    wanted = {one.id.key: logical_name(one.id, environment.name) for one in found}
    times = Counter([*wanted.values(), *environment.facts.resources])
    return {
        key: name
        if times[name] == 1
        else f"{name[:31].rstrip('-')}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
        for key, name in wanted.items()
    }


def logical_name(id_: ArmId, environment: str) -> str:
    """`stshoporders` for `stshopordersdev` in dev, `kv-shop` for `KV-Shop-dev`: a word of at most 40 characters."""
    name = re.sub(r"[^a-z0-9]+", "-", id_.name.lower()).strip("-")
    # The name of a storage account has no hyphens, so there the environment's is glued on.
    cut = environment if id_.type == STORAGE and len(name) > len(environment) + 2 else f"-{environment}"
    name = name.removesuffix(cut).removeprefix(f"{environment}-")
    name = name if name[:1].isalpha() else f"r-{name}"
    return name[:40].rstrip("-")
