"""What was found, as plain values: every text in it has passed a pattern, so that it can be printed."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from keyless.fields import parse_arm_id
from keyless.plan import ArmId

IDENTITIES = "Microsoft.ManagedIdentity/userAssignedIdentities"
_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_GUIDS = re.compile(_GUID, re.IGNORECASE)
_SCOPE = rf"(?P<scope>/subscriptions/{_GUID}(?:/[-\w.()]+)*)"
_ROLE_ASSIGNMENT = re.compile(
    rf"{_SCOPE}/providers/Microsoft\.Authorization/roleAssignments/(?P<name>{_GUID})", re.IGNORECASE
)
_POLICY_ASSIGNMENT = re.compile(rf"{_SCOPE}/accessPolicyAssignments/(?P<name>[-\w]{{1,63}})", re.IGNORECASE)
_TYPE = re.compile(r"[A-Za-z][\w.]{2,60}(/[A-Za-z]\w{1,60}){1,5}|azurerm_\w{2,60}|azapi_\w{2,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundResource:
    """An Azure resource of a type that the catalogue knows. `detailed` where its properties were there to be read."""

    id: ArmId
    type: str
    arm_kind: str | None
    texts: Mapping[str, str]
    flags: Mapping[str, bool]
    location: str | None
    terraform: bool
    detailed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundIdentity:
    """A user-assigned identity; its principal id is None where only its name was told."""

    id: ArmId
    principal: str | None
    terraform: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundGrant:
    """A role assignment or access policy assignment: `right` is a role's GUID, or the name of a policy."""

    id: str
    form: Literal["RoleAssignment", "CacheAccess"]
    scope: str
    right: str
    principal: str
    condition: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCredential:
    """A federated credential below an identity, whose id in lower case is `identity`."""

    id: ArmId
    identity: str
    issuer: str
    subject: str


@dataclass(slots=True)
class Inventory:
    """Everything, by id in lower case, and how many of what there were that are of no use here.

    `unread` counts objects of an unknown shape, `planned` those that Terraform is yet to make.
    """

    resources: dict[str, FoundResource] = field(default_factory=dict)
    identities: dict[str, FoundIdentity] = field(default_factory=dict)
    grants: dict[str, FoundGrant] = field(default_factory=dict)
    credentials: dict[str, FoundCredential] = field(default_factory=dict)
    left: Counter[str] = field(default_factory=Counter)
    unread: int = 0
    planned: int = 0

    def add_resource(self, found: FoundResource) -> None:
        """Add a resource, or what another source knows more of it."""
        known = self.resources.get(found.id.key)
        if known is not None:
            found = replace(
                found,
                arm_kind=found.arm_kind or known.arm_kind,
                texts={**known.texts, **found.texts},
                flags={**known.flags, **found.flags},
                location=found.location or known.location,
                terraform=found.terraform or known.terraform,
                detailed=found.detailed or known.detailed,
            )
        self.resources[found.id.key] = found

    def add_identity(self, id_: object, principal: object, *, terraform: bool = False) -> None:
        """Add an identity, or its principal id where only its name was known."""
        parsed = arm_id(id_, IDENTITIES)
        if parsed is None:
            self.unread += 1
            return
        known = self.identities.get(parsed.key)
        self.identities[parsed.key] = FoundIdentity(
            id=parsed,
            principal=guid(principal) or (known.principal if known else None),
            terraform=terraform or bool(known and known.terraform),
        )

    def add_grant(self, id_: object, right: object, principal: object, condition: object) -> None:
        """Add a role assignment or an access policy assignment."""
        text = id_ if isinstance(id_, str) else ""
        role, policy = _ROLE_ASSIGNMENT.fullmatch(text), _POLICY_ASSIGNMENT.fullmatch(text)
        match, who = role or policy, guid(principal)
        given = guid(str(right).rpartition("/")[2]) if role else word(right)
        if match is None or who is None or given is None:
            self.unread += 1
            return
        self.grants[text.lower()] = FoundGrant(
            id=text,
            form="RoleAssignment" if role else "CacheAccess",
            scope=match["scope"],
            right=given,
            principal=who,
            condition=condition if isinstance(condition, str) and condition else None,
        )

    def add_credential(self, id_: object, issuer: object, subject: object) -> None:
        """Add a federated credential by its own id, which says whose it is."""
        parsed = arm_id(id_, f"{IDENTITIES}/federatedIdentityCredentials")
        if parsed is None or not isinstance(issuer, str) or not isinstance(subject, str):
            self.unread += 1
            return
        owner = parsed.key.rpartition("/federatedidentitycredentials/")[0]
        found = FoundCredential(id=parsed, identity=owner, issuer=issuer, subject=subject)
        self.credentials[parsed.key] = found

    def leave(self, what: object) -> None:
        """Count something that Keyless has no use for, by its type."""
        self.left[
            what if isinstance(what, str) and _TYPE.fullmatch(what) else "something without a type"
        ] += 1

    @property
    def empty(self) -> bool:
        """Whether nothing was recognised at all."""
        found = (self.resources, self.identities, self.grants, self.credentials, self.left, self.planned)
        return not any(found)


def arm_id(text: object, type_: str | None = None) -> ArmId | None:
    """The id, or None where `text` is none of that type."""
    try:
        return parse_arm_id(text, type_) if isinstance(text, str) else None
    except ValueError:
        return None


def guid(text: object) -> str | None:
    """A GUID in lower case, or None."""
    return text.lower() if isinstance(text, str) and _GUIDS.fullmatch(text) else None


def word(text: object) -> str | None:
    """The name of an access policy, or None."""
    return text if isinstance(text, str) and re.fullmatch(r"[A-Za-z][-\w ]{0,62}", text) else None


def arm_kind(text: object) -> str | None:
    """ARM's `kind`, such as `AIServices` or `Luis.Authoring`, or None."""
    return text if isinstance(text, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9.]{1,40}", text) else None


def region(text: object) -> str | None:
    """A region in one lower-case word, however it was written, or None."""
    bare = text.replace(" ", "").lower() if isinstance(text, str) else ""
    return bare if re.fullmatch(r"[a-z0-9]{3,40}", bare) else None


def traits(
    values: Mapping[str, Any], texts: Mapping[str, str], flags: Any
) -> tuple[dict[str, str], dict[str, bool]]:
    """Our words for the properties in `values`; what is absent, null or of another type is left out."""
    said = {
        ours: values[theirs]
        for ours, theirs in texts.items()
        if isinstance(values.get(theirs), str) and re.fullmatch(r"[-\w.]{1,120}", values[theirs])
    }
    meant = {
        ours: any(_same(values.get(theirs), value) for theirs, value in options.items())
        for ours, options in flags.items()
        if any(isinstance(values.get(theirs), (str, bool)) for theirs in options)
    }
    return said, meant


def _same(found: object, value: str | bool) -> bool:
    if isinstance(found, str) and isinstance(value, str):
        return found.lower() == value.lower()
    return found is value
