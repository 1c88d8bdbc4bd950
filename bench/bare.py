"""Writes a plain Pulumi program of what Keyless made: flat, the SDK's classes, literal values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HEAD = """\
import pulumi
import pulumi_azure_native as azure_native
import pulumi_kubernetes as kubernetes
from pulumi_azure_native import authorization, managedidentity, redisenterprise

"""
# Outputs that Keyless refers to: what they stood for in the state, by the provider of the benchmark.
OUTPUT = re.compile(r"'(client|principal)-(app-\d+)-identity'")
# A provider's configuration is text in the state.
SWITCHES: Mapping[str, str | bool] = {"true": True, "false": False}
# The engine's own record of a provider, which is no argument.
NOT_ARGUMENTS = {"version", "apiVersion", "kind", "__internal"}


def write(folder: Path, resources: Sequence[Mapping[str, Any]]) -> Path:
    """Write the project into `folder` and return it; a module of its own, so that Python compiles it once."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Pulumi.yaml").write_text("name: bare\nruntime: python\nmain: .\n")
    (folder / "Pulumi.dev.yaml").write_text("config: {}\n")
    (folder / "__main__.py").write_text("import resources\n")
    (folder / "resources.py").write_text(HEAD + "".join(map(statement, resources)))
    return folder


def statement(resource: Mapping[str, Any]) -> str:
    """One assignment: `app_00001_identity = managedidentity.UserAssignedIdentity(...)`."""
    name = resource["urn"].rpartition("::")[2]
    arguments = [repr(name)]
    arguments += [
        f"{argument(key)}={expression(value)}"
        for key, value in resource["inputs"].items()
        if key not in NOT_ARGUMENTS
    ]
    if not resource["type"].startswith("pulumi:providers:"):
        # A provider reference is `<urn>::<id>`.
        provider = resource["provider"].rpartition("::")[0].rpartition("::")[2]
        arguments.append(f"opts=pulumi.ResourceOptions(provider={variable(provider)})")
    return f"{variable(name)} = {constructor(resource['type'])}({', '.join(arguments)})\n"


def expression(value: object) -> str:
    """The literal, with outputs where Keyless has them."""
    if isinstance(value, str):
        value = SWITCHES.get(value, value)
    return OUTPUT.sub(reference, repr(value))


def constructor(token: str) -> str:
    """The SDK's class: `kubernetes.apps.v1.DeploymentPatch` for `kubernetes:apps/v1:DeploymentPatch`."""
    package, module, name = token.split(":")
    if package == "pulumi":
        return f"{name.replace('-', '_')}.Provider"
    if package == "kubernetes":
        return f"kubernetes.{module.replace('/', '.')}.{name}"
    return f"{module}.{name}"


def argument(key: str) -> str:
    """The name of a constructor's argument for an input."""
    snake = re.sub(r"(?<!^)([A-Z])", r"_\1", key).lower()
    return "resource_name_" if snake == "resource_name" else snake


def variable(name: str) -> str:
    """A Python name for a logical name."""
    return re.sub(r"\W", "_", name)


def reference(match: re.Match[str]) -> str:
    """The output that holds what the state shows as a value."""
    return f"{variable(match[2])}_identity.{match[1]}_id"
