"""What a stack's up and destroy ask of ARM, recorded from the real program and done again as another caller."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime.stack import Stack

from components.program import make
from keyless.plan import PosturePatch, StackPlan
from sandbox import store
from sandbox.azure import callers
from sandbox.azure.arm import Arm
from sandbox.azure.cloud import Cloud
from sandbox.azure.types import resource_types
from sandbox.faults import Faults


@dataclass(frozen=True)
class Operation:
    """A PUT of a type, or a GET of what is only read (`body` is None then)."""

    token: str
    arm_id: str
    body: dict[str, Any] | None


@dataclass
class Recorder(mocks.Mocks):
    """Answers the program from a stand-in ARM, and keeps what was asked in its order."""

    folder: Path
    tenant: str
    operations: list[Operation] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.types = resource_types(self.tenant)
        self.arm = Arm(self.folder, Faults(self.folder, ""))

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        kind = self.types.get(args.typ)
        if kind is None:
            return args.resource_id or f"id-of-{args.name}", dict(args.inputs)
        with self.lock:
            if args.resource_id:
                self.operations.append(Operation(args.typ, args.resource_id, None))
                body = self.arm.get(args.resource_id) or {}
                return args.resource_id, kind.outputs_of(kind.rules.shown(body))
            # The provider is called azure-<subscription>.
            subscription = str(args.provider).rpartition("::azure-")[2].partition("::")[0]
            arm_id, body = kind.id_of(args.inputs, subscription), kind.body_of(args.inputs)
            self.operations.append(Operation(args.typ, arm_id, body))
            made = self.arm.put(kind, arm_id, body, create=True)
            return made["id"], kind.outputs_of(made)

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program called {args.token}")


def record(plan: StackPlan, folder: Path) -> list[Operation]:
    """What bringing up `plan` asks of ARM, done in the cloud of `folder` as its owner."""
    recorder = Recorder(folder, plan.tenant)
    mocks.set_mocks(recorder, project="keyless", stack=plan.stack, preview=False)

    def run() -> pulumi.Output[None]:
        make(plan)
        root = cast(Stack, pulumi.runtime.get_root_resource())
        return pulumi.Output.from_input(root.outputs).apply(lambda _: None)

    mocks.test(run)()
    return recorder.operations


def replay(operations: list[Operation], plan: StackPlan, folder: Path, caller: str) -> Iterator[str]:
    """Up, a second look at everything, an update, and down again, as `caller`. Raises Refusal; tells each step."""
    types, arm = resource_types(plan.tenant), Arm(folder, Faults(folder, ""), caller)
    puts = [(types[one.token], one.arm_id, one.body) for one in operations if one.body is not None]
    for one in operations:
        if one.body is None:
            arm.get(one.arm_id)
    for kind, arm_id, body in puts:
        arm.put(kind, arm_id, body, create=True)
        yield f"created {arm_id}"
    with closing(store.connect(folder)) as connection:
        for posture in plan.shared.posture_patches:
            set_posture(posture, Cloud(connection), caller)
    for kind, arm_id, body in puts:
        arm.get(arm_id)
        arm.put(kind, arm_id, body, create=False)
    for kind, arm_id, _ in reversed(puts):
        arm.delete(kind, arm_id)
        yield f"deleted {arm_id}"


def set_posture(posture: PosturePatch, cloud: Cloud, caller: str) -> None:
    """Ask for everything that making this posture and taking it back asks for. Raises Refusal."""
    for proof in posture.proofs:
        callers.check_read(cloud, caller, f"{proof.endpoint.text}/privateDnsZoneGroups/default")
    for patch in posture.patches:
        callers.check_read(cloud, caller, patch.id.text)
        own: dict[str, Any] = {}
        for rules in patch.rules:
            head, _, name = rules.path.partition(".")
            own.setdefault(head, {})[name] = [dict(entry) for entry in rules.entries]
        callers.check_write(cloud, caller, patch.id.text, {"properties": own}, {"properties": {}})
    for child in posture.children:
        callers.check_read(cloud, caller, child.id.text)
        callers.check_write(cloud, caller, child.id.text, {"properties": dict(child.properties)}, None)
        callers.check_delete(cloud, caller, child.id.text, None)
