"""What the provider asks of a cluster, and how a cluster refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from sandbox.kubernetes.fields import Body
from sandbox.plugin import Refusal

PLURALS: Final[Mapping[str, str]] = {
    "/Namespace": "namespaces",
    "/ServiceAccount": "serviceaccounts",
    "apps/Deployment": "deployments",
    "apps/StatefulSet": "statefulsets",
    "apps/DaemonSet": "daemonsets",
    "batch/CronJob": "cronjobs",
}


class ApiError(Refusal):
    """A Status of the API server: `code`, its reason as `error`, and its message."""

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Ref:
    """Which object is meant; `namespace` is empty for what has none."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @property
    def group(self) -> str:
        """The API group: `apps`, or empty for the core one."""
        return self.api_version.rpartition("/")[0]

    @property
    def group_kind(self) -> str:
        """The key that the `objects` table uses: `apps/Deployment`, `/ServiceAccount`."""
        return f"{self.group}/{self.kind}"

    @property
    def plural(self) -> str:
        """The resource name as errors give it: `deployments.apps`."""
        plural = PLURALS.get(self.group_kind, f"{self.kind.lower()}s")
        return f"{plural}.{self.group}" if self.group else plural

    @property
    def id(self) -> str:
        """The id in Pulumi's state."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class Backend(Protocol):
    """One cluster. Every method may raise ApiError."""

    def get(self, ref: Ref) -> Body | None:
        """The live object without managedFields, or None."""
        ...

    def list(self, group_kind: str) -> list[Body]:
        """All objects of a kind, by namespace and name."""
        ...

    def create(self, ref: Ref, body: Body, manager: str) -> Body:
        """Make an object that must not exist yet by POST: `manager` owns it by an update, defaults too."""
        ...

    def adopt(self, ref: Ref, creator: str, manager: str) -> None:
        """Make what `creator` owns by an update what `manager` owns by an apply; no creator is no error."""
        ...

    def apply(self, ref: Ref, body: Body, manager: str, force: bool = False, dry_run: bool = False) -> Body:
        """Server-side apply: `manager` wants `body`, and drops what it wanted before and no longer names."""
        ...

    def delete(self, ref: Ref) -> None:
        """Remove the object; one that is gone is an error 404."""
        ...


def not_found(ref: Ref) -> ApiError:
    """The API server's 404."""
    return ApiError(404, "NotFound", f'{ref.plural} "{ref.name}" not found')
