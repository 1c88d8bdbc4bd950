"""The Pulumi dynamic resource `Posture`, and the provider behind it.

The module's path and the class's name are a contract: every state holds the provider as a reference to them, so moving
either needs the old ones to stay importable. The class has no state of its own, so what its methods do may change freely.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

if TYPE_CHECKING:
    from components.arm.client import Client

INPUTS = ("resource", "cloud", "patches", "children", "proofs", "dnsTimeout", "opens", "found")

# What postures of this run want, by the name of their resource: one that was renamed is made before the old one is taken
# back, in the same process, and must not lose its rules to that.
_WANTED: dict[str, Any] = {}

Given = ParamSpec("Given")
Result = TypeVar("Result")


class PostureFailed(Exception):
    """Why a posture was not made, for the reader of `pulumi up`."""


def _told(method: Callable[Given, Result]) -> Callable[Given, Result]:
    """Lets errors of ARM out as their text alone: the SDK prints the whole trace of whatever is raised."""

    @functools.wraps(method)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        from components.arm.errors import ArmError

        try:
            return method(*args, **kwargs)
        except ArmError as error:
            said = str(error)
        raise PostureFailed(said)

    return call


class PostureProvider(ResourceProvider):
    """Reads and patches over ARM; everything it needs is in the inputs.

    Outputs are the inputs with `added`, which rules and children are ours, and `drift`, what a refresh found in words.
    """

    # The reference holds no secret; as a secret its ciphertext would differ from stack to stack.
    serialize_as_secret_always = False

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Adds `found`: which of the rules that are new here stood there before.

        The engine notes inputs before it creates anything, so a run that is killed in between does not take what others
        wrote for its own. Where no rule is new, nothing is asked.
        """
        from components.arm.errors import ArmError
        from components.arm.model import Own, parse, wanted_of
        from components.arm.posture import find_present

        wanted = parse(news)
        asked = wanted_of(wanted)
        before = wanted_of(parse(olds)) if olds.get("patches") else Own()
        kept = Own.from_json(olds.get("found"))
        new = Own(asked.rules - before.rules, asked.children - before.children)
        try:
            found = find_present(_client(news), wanted, new) if new != Own() else Own()
        except (ArmError, ValueError) as error:
            # Under no property's name: the engine would print the value of all patches before the reason.
            return CheckResult(news, [CheckFailure("", str(error))])
        both = Own(
            (kept.rules & asked.rules) | found.rules, (kept.children & asked.children) | found.children
        )
        return CheckResult({**news, "found": both.to_json()}, [])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Another id in the inputs is an update as well: a replacement would ask for a deletion."""
        from components.arm.model import parse

        changes = (
            bool(olds.get("drift"))
            or "added" not in olds
            or parse(olds).canonical() != parse(news).canonical()
        )
        return DiffResult(changes=changes, replaces=[])

    @_told
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Closes, or opens, once every proof holds. The id is the resource's logical name, which no edit changes."""
        from components.arm.model import Own, parse
        from components.arm.posture import establish

        wanted, found = parse(props), Own.from_json(props.get("found"))
        own = establish(_client(props), wanted, None, Own(), found)
        _WANTED[wanted.resource] = wanted
        return CreateResult(wanted.resource, _outputs(props, own.to_json(), []))

    @_told
    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Finds drift; a resource that is gone leaves the state."""
        from components.arm.errors import NotFound
        from components.arm.model import parse
        from components.arm.posture import find_drift

        try:
            drift = find_drift(_client(props), parse(props))
        except NotFound:
            return ReadResult("", {})
        return ReadResult(id_, _outputs(props, _own(props).to_json(), drift))

    @_told
    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Sets what changed, and takes away rules that were added here and are no longer wanted."""
        from components.arm.model import Own, parse
        from components.arm.posture import establish

        found = Own.from_json(news.get("found"))
        own = establish(_client(news), parse(news), parse(olds), _own(olds), found)
        return UpdateResult(_outputs(news, own.to_json(), []))

    @_told
    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Takes away what was added here and nobody else wants; opens no door and gives no key back."""
        from components.arm.model import Own, parse, wanted_of
        from components.arm.posture import take_back

        wanted, own = parse(props), _own(props)
        for resource, other in _WANTED.items():
            if resource != wanted.resource:
                theirs = wanted_of(other)
                own = Own(own.rules - theirs.rules, own.children - theirs.children)
        take_back(_client(props), wanted, own)


class Posture(Resource, module="keyless", name="Posture"):
    """What a posture sets on one resource that someone else made; its inputs are those of `PostureProvider`."""

    def __init__(self, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        super().__init__(PostureProvider(), name, {**props}, opts)


def _client(props: Mapping[str, Any]) -> Client:
    from components.arm.client import Client
    from components.arm.transport import connect

    return Client(connect(props["cloud"]))


def _own(props: Mapping[str, Any]) -> Any:
    """What is ours; after a crash during the creation, whatever is wanted and was not found before it."""
    from components.arm.model import Own, parse, wanted_of

    if "added" in props:
        return Own.from_json(props["added"])
    asked, found = wanted_of(parse(props)), Own.from_json(props.get("found"))
    return Own(asked.rules - found.rules, asked.children - found.children)


def _outputs(props: Mapping[str, Any], added: Mapping[str, Any], drift: list[str]) -> dict[str, Any]:
    """An allow-list, so that nothing of an answer gets into a state."""
    return {**{name: props[name] for name in INPUTS if name in props}, "added": added, "drift": drift}
