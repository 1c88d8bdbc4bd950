"""Cells of the page of kinds: what a word of a posture sets on an ARM type, and which rules the type has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from keyless.catalogue.arm import ArmType, arm_type

Step = Literal["firewall", "private", "forbidden"]


def posture(type_: str, step: Step) -> str:
    """The values that `step` sets, in Markdown; that it cannot be had, where it sets none."""
    arm = arm_type(type_)
    if step == "forbidden":
        if arm.keys is None:
            return "it has no keys"
        below = f" on `{arm.keys.child}`" if arm.keys.child else ""
        return _values(arm.keys.forbidden) + below
    values = arm.network.values(step)
    return _values(values) if values else "cannot be had"


def rules(type_: str) -> str:
    """The rules of a type, and how many Azure takes, in Markdown."""
    return "; ".join(_rules(arm_type(type_))) or "none"


def _rules(arm: ArmType) -> Iterator[str]:
    addresses, subnets = arm.addresses, arm.subnets
    if addresses is not None:
        limit = f", at most {addresses.limit}" if addresses.limit is not None else ""
        vain = "" if addresses.own_region else ", ignored for callers in its own region"
        yield f"addresses at `{addresses.path or addresses.child}`{limit}{vain}"
    if subnets is not None:
        yield (
            f"subnets at `{subnets.path}`, at most {subnets.limit}, with the service endpoint `{subnets.service_endpoint}`"
        )


def _values(values: Mapping[str, bool | str]) -> str:
    return ", ".join(
        f"`{path}: {str(value).lower() if isinstance(value, bool) else value}`"
        for path, value in values.items()
    )
