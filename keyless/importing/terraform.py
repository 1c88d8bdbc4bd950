"""What `terraform show -json` prints, of a state or of a plan: resources of azurerm and azapi in any module.

Only attributes that the catalogue names were kept when the text was parsed; what the state marks as sensitive is
left out as well.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from keyless.catalogue.imports import TerraformWords, imports
from keyless.importing.arm import add_resource
from keyless.importing.inventory import IDENTITIES, FoundResource, Inventory, arm_id, arm_kind, region, traits
from keyless.importing.reading import refused

# Children of what is read, which say nothing that an entry needs.
_PARTS = ("azurerm_redis_enterprise_database",)


def is_terraform(document: Any) -> bool:
    """Whether a document is Terraform's. Raises SpecError for a raw state file, which is not for others to read."""
    if not isinstance(document, dict):
        return False
    if "lineage" in document:
        raise refused(
            "raw-state",
            "standard input is a raw Terraform state file",
            "run: terraform show -json | keyless import ENV",
        )
    return "format_version" in document


def take_terraform(document: Mapping[str, Any], found: Inventory) -> None:
    """Put what a state or a plan holds into `found`. Raises SpecError for a format of another major version."""
    version = document["format_version"]
    if not isinstance(version, str) or version.split(".")[0] not in ("0", "1"):
        raise refused(
            "terraform-format",
            "standard input has a format of Terraform's that is not known here",
            "use the output of terraform show -json, format_version 1.x",
        )
    seen: set[str] = set()
    for place in ("prior_state", "values", "planned_values"):
        part = document.get(place)
        # A plan wraps the state that it starts from in `values`.
        part = part.get("values", part) if isinstance(part, dict) else None
        for resource in _resources(part.get("root_module") if isinstance(part, dict) else None):
            address = str(resource.get("address"))
            # What a plan leaves as it is stands in both.
            if address not in seen:
                seen.add(address)
                _take_one(resource, found)


def _resources(module: Any) -> Iterator[Mapping[str, Any]]:
    waiting = [module]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, dict):
            continue
        listed = one.get("resources")
        for resource in listed if isinstance(listed, list) else ():
            if isinstance(resource, dict):
                yield resource
        children = one.get("child_modules")
        waiting += reversed(children) if isinstance(children, list) else []


def _take_one(resource: Mapping[str, Any], found: Inventory) -> None:
    type_, given = resource.get("type"), resource.get("values")
    sensitive = resource.get("sensitive_values")
    if not isinstance(type_, str) or not isinstance(given, dict):
        found.unread += 1
        return
    hidden = sensitive if isinstance(sensitive, dict) else {}
    values = {key: value for key, value in given.items() if hidden.get(key) is not True}
    managed = resource.get("mode") == "managed"
    if "id" not in values:
        found.planned += 1
        return
    if type_ == "azapi_resource":
        _take_azapi(values, managed, found)
    elif type_ == "azurerm_role_assignment":
        role, condition = values.get("role_definition_id"), values.get("condition")
        found.add_grant(values.get("id"), role, values.get("principal_id"), condition)
    elif type_ == "azurerm_user_assigned_identity":
        found.add_identity(values.get("id"), values.get("principal_id"), terraform=managed)
    elif type_ == "azurerm_federated_identity_credential":
        found.add_credential(values.get("id"), values.get("issuer"), values.get("subject"))
    elif (words := imports().terraform.get(type_)) is not None:
        _take_resource(words, values, managed, found)
    elif type_ not in _PARTS and type_.startswith(("azurerm_", "azapi_")):
        found.leave(type_)


def _take_resource(words: TerraformWords, values: Mapping[str, Any], managed: bool, found: Inventory) -> None:
    parsed = arm_id(values.get("id"), words.type)
    if parsed is None:
        found.unread += 1
        return
    texts, flags = traits(values, words.texts, words.flags)
    found.add_resource(
        FoundResource(
            id=parsed,
            type=words.type,
            arm_kind=words.kind or arm_kind(texts.pop("kind", None)),
            texts=texts,
            flags=flags,
            location=region(values.get("location")),
            terraform=managed,
            detailed=True,
        )
    )


def _take_azapi(values: Mapping[str, Any], managed: bool, found: Inventory) -> None:
    """A resource in ARM's own words: its body, and over that what ARM answered."""
    type_ = str(values.get("type") or "").partition("@")[0]
    known = {name.lower(): name for name in imports().types}
    parts = [_mapping(values.get(key)) for key in ("body", "output")]
    own = {key: value for part in parts for key, value in _mapping(part.get("properties")).items()}
    if type_.lower() == IDENTITIES.lower():
        found.add_identity(values.get("id"), own.get("principalId"), terraform=managed)
    elif type_.lower() in known:
        item: dict[str, Any] = {"id": values.get("id"), "location": values.get("location")}
        for part in parts:
            item |= {key: part[key] for key in ("kind", "sku") if key in part}
        if own:
            item["properties"] = own
        add_resource(known[type_.lower()], item, found, terraform=managed)
    else:
        found.leave(type_)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
