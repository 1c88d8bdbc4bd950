"""The Kubernetes resources that Keyless makes: what `pulumi_kubernetes` sends, without its weight.

Why they are not that package's classes stands in docs/adr/0004.
"""

from collections.abc import Mapping
from importlib import metadata
from typing import Any

import pulumi

VERSION = metadata.version("pulumi-kubernetes")


class Provider(pulumi.ProviderResource):
    """Talks to the cluster of one kubeconfig context.

    The kubeconfig itself is left to the provider (KUBECONFIG, then ~/.kube/config): in the state its path
    would differ from one machine to the next.
    """

    def __init__(self, name: str, *, context: str) -> None:
        inputs = {
            "context": context,
            # Said aloud, for each has an environment variable that would change it on one machine alone:
            # server-side apply, never over a field of another manager, never onto an object that exists.
            "enableServerSideApply": "true",
            "enablePatchForce": "false",
            "upsertExistingObjects": "false",
        }
        super().__init__("kubernetes", name, inputs, pulumi.ResourceOptions(version=VERSION))


class Object(pulumi.CustomResource):
    """A Kubernetes object, or a patch of one.

    `type_` is such as `apps/v1:DeploymentPatch`, `kind` what manifests say, `body` all beside the metadata.
    """

    def __init__(
        self,
        type_: str,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        kind: str,
        metadata: Mapping[str, Any],
        body: Mapping[str, Any],
    ) -> None:
        opts.version = VERSION
        inputs = {"apiVersion": api_version(type_), "kind": kind, "metadata": metadata, **body}
        super().__init__(f"kubernetes:{type_}", name, inputs, opts)


def api_version(type_: str) -> str:
    """The apiVersion of manifests: `v1` of `core/v1:Secret`, `apps/v1` of `apps/v1:DeploymentPatch`."""
    return type_.partition(":")[0].removeprefix("core/")


def owner_name(patch: str) -> str:
    """The logical name of the resource whose deletion takes back what the patch of this logical name wrote."""
    return f"{patch}-owner"


def existing_name(account: str) -> str:
    """The logical name under which a ServiceAccount is read before the patch of this logical name."""
    return f"{account}-existing"
