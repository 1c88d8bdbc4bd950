"""Use: one named line of an app, the base of every kind's app side."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from keyless.catalogue import Entry, Role, entry, refused
from keyless.environment import Frozen
from keyless.errors import PlanError
from keyless.fields import Reason
from keyless.finding import Finding
from keyless.path_condition import PathLimit
from keyless.plan import ArmId, Setting, Waiver


class WaiverSpec(Frozen):
    """A wider grant, asked for by a person: a role of the kind's catalogue, or a wider scope; never without a reason."""

    role: str | None = None
    """A role of the kind's catalogue, instead of the verb's own."""
    scope: Literal["account", "vault"] | None = None
    """The whole account (of `blob`) or vault (of `keyvault`), instead of the part that the use names."""
    because: Reason
    """The reason, which every plan repeats."""

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if self.role is None and self.scope is None:
            raise PydanticCustomError(
                "waiver", "the waiver asks for nothing: it names neither `role` nor `scope`"
            )
        if self.role is not None and self.scope is not None:
            raise PydanticCustomError(
                "waiver", "the waiver asks for a role and a scope, and one alone may be waived"
            )
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGrant:
    """Wants `role` at `scope`, a full ARM id; `target` are the words that tell it from the app's other grants."""

    role: Role
    scope: str
    subscription: str
    target: tuple[str, ...]
    limit: PathLimit | None = None
    """Where in `scope` the grant holds, for kinds that know paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheGrant:
    """Wants the access policy `role` on `cache`."""

    role: Role
    cache: ArmId
    database: str | None
    target: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What one Use comes to in one environment. Settings lack the prefix that the use's name gives them."""

    settings: dict[str, Setting]
    grant: RoleGrant | CacheGrant


class Use(Frozen):
    """Fields of every use. A kind adds `kind`, the resource it names, and `access`."""

    resource_field: ClassVar[str]
    scopes: ClassVar[tuple[str, ...]] = ()
    """The words that a waiver's `scope` may say."""
    kind: str
    """What is used."""
    access: str
    """The verb: what the app may do. The smallest role that allows it follows from the catalogue."""
    waiver: WaiverSpec | None = None
    """A wider grant than the verb needs."""

    @model_validator(mode="after")
    def _waiver_asks(self) -> Self:
        if self.waiver is not None and self.waiver.scope is not None and self.waiver.scope not in self.scopes:
            if self.scopes:
                raise PydanticCustomError(
                    "waiver",
                    "a waiver of {kind} may say `scope: {known}`, and not `{scope}`",
                    {"kind": self.kind, "known": ", ".join(self.scopes), "scope": self.waiver.scope},
                )
            raise PydanticCustomError(
                "waiver",
                "a waiver of {kind} has no scope: its grant is as wide as it can be",
                {"kind": self.kind, "at": ("waiver", "scope")},
            )
        return self

    @property
    def resource(self) -> str:
        """The logical name of the resource that this use is of."""
        return str(getattr(self, self.resource_field))

    @abstractmethod
    def bind(self, resource: Any, cloud: str) -> Binding:
        """The grant and settings of this use of `resource`. Raises PlanError whose key is relative to the use."""

    def doubts(self, resource: Any) -> Iterator[Finding]:
        """Warnings about this use of `resource`; their keys are relative to the use."""
        yield from ()

    def role(self, resource_kind: str) -> Role:
        """The smallest role for the verb, or the waiver's. Raises PlanError where there is none."""
        facts = entry(self.kind)
        if self.waiver is not None and self.waiver.role is not None:
            usual = facts.roles[resource_kind].get(self.access)
            return waived_role(self.waiver.role, facts.waivers[resource_kind], usual, self.access)
        role = facts.roles[resource_kind].get(self.access)
        if role is None:
            raise PlanError(
                Finding(
                    rule="no-such-access",
                    key="access",
                    message=f"{resource_kind} has no `{self.access}` access: {_only(facts, resource_kind)}",
                    fix=f"write access: {', '.join(facts.roles[resource_kind])}, or use a resource of another kind",
                )
            )
        return role

    def plan_waiver(self) -> Waiver | None:
        """The waiver as the plan reports it."""
        w = self.waiver
        return None if w is None else Waiver(role=w.role, scope=w.scope, because=w.because)


def _only(facts: Entry, resource_kind: str) -> str:
    return "; ".join(
        f"{verb} is the policy `{role.name}`" + (f", for {role.wider}" if role.wider else "")
        for verb, role in facts.roles[resource_kind].items()
    )


def waived_role(name: str, known: tuple[Role, ...], usual: Role | None, access: str) -> Role:
    """The role `name` of `known`, narrowest first, where it is wider than the `usual` one. Raises PlanError."""
    for role in refused():
        if name.lower() in (role.name.lower(), role.id):
            raise _unfit(
                "refused-role",
                f"'{role.name}' is refused even with a waiver: {role.because}",
                "remove `role`; take the verb's own role",
            )
    names = [role.name for role in known]
    wider = names[names.index(usual.name) + 1 :] if usual is not None and usual.name in names else []
    fix = f"write one of: {', '.join(wider)}" if wider else "remove the waiver: there is no wider role"
    if name not in names:
        raise _unfit("unknown-role", f"'{name}' is not a role that a waiver may name here", fix)
    if name not in wider:
        raise _unfit("narrow-waiver", f"'{name}' gives no more than `access: {access}` itself", fix)
    return known[names.index(name)]


def _unfit(rule: str, message: str, fix: str) -> PlanError:
    return PlanError(Finding(rule=rule, key="waiver.role", message=message, fix=fix))
