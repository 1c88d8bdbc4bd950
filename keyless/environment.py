"""Environment: the facts of dev, stg or prd, from a file and never from a call. Models only; no kind is known here."""

from collections.abc import Mapping
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from keyless.fields import (
    Guid,
    Identity,
    IpV4,
    Location,
    Namespace,
    ObjectName,
    Reason,
    ResourceGroup,
    Subnet,
    Url,
    Word,
    is_group_id,
)
from keyless.plan import Cloud, Keys, Management
from keyless.plan import Network as NetworkPosture


class Frozen(BaseModel):
    """What every model of a file is: read only, and strict about unknown keys and types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Identities(Frozen):
    """Where the identities of apps are made. `{team}`, `{app}` and `{env}` are filled in."""

    resource_group: Annotated[str, StringConstraints(min_length=1, max_length=90)]
    name: Annotated[str, StringConstraints(min_length=1, max_length=128)] = "id-{app}-{env}"
    shared: bool = False
    location: Location | None = None


class Cluster(Frozen):
    """One AKS cluster: its OIDC issuer, exactly as AKS prints it, and how manifests reach it."""

    name: Word
    issuer: Url
    context: Annotated[str, StringConstraints(min_length=1)]
    delivery: Literal["patch", "gitops"] = "patch"
    egress: tuple[IpV4, ...] = Field((), strict=False)
    subnets: tuple[Subnet, ...] = Field((), strict=False)
    location: Location | None = None


def _zones(value: str) -> str:
    if value in ("managed", "policy"):
        return value
    if not is_group_id(value):
        raise PydanticCustomError(
            "zones",
            "'{value}' is not one of managed, policy, or the id of a resource group",
            {"value": value},
        )
    return value


class Network(Frozen):
    """The virtual network in which private endpoints are made, and who keeps its private DNS zones."""

    subnet: Subnet
    resource_group: ResourceGroup
    zones: Annotated[str, AfterValidator(_zones)]
    location: Location | None = None


class Override(Frozen):
    """Why something is done against a rule; shown in every report."""

    because: Reason


class ResourceFacts(Frozen):
    """What every resource has, whatever its kind: its posture and its owner. Kinds add `kind`, `id` and hosts."""

    network: NetworkPosture = "public"
    keys: Keys = "allowed"
    management: Management = "referenced"
    owner: Literal["terraform", "bicep"] | None = None
    override: Override | None = None
    location: Location | None = None
    team: Word | None = None
    consumers: tuple[Word, ...] | None = Field(None, strict=False)

    @model_validator(mode="after")
    def _one_owner(self) -> Self:
        if self.management == "patched" and self.owner is not None:
            raise PydanticCustomError(
                "owner",
                "`management: patched` and `owner: {owner}` cannot both be: two writers would undo each other",
                {"owner": self.owner},
            )
        return self


class AppOverride(Frozen):
    """What must differ for one app in one environment, and nowhere else."""

    absent: Reason | None = None
    namespace: Namespace | None = None
    name: ObjectName | None = None
    stage: Literal["patched", "granted"] = "patched"
    clusters: tuple[Word, ...] | None = Field(None, strict=False)
    identity: Identity | None = None


R = TypeVar("R", bound=ResourceFacts, covariant=True)


class Environment(Frozen, Generic[R]):
    """The facts of one environment. `name` is the file's: `dev` for Pulumi.dev.yaml."""

    cloud: Cloud = "public"
    tenant: Guid
    subscription: Guid
    location: Location
    protected: bool = False
    tags: Mapping[str, str] = Field(default_factory=dict)
    identities: Identities
    clusters: tuple[Cluster, ...] = Field((), strict=False)
    network: Network | None = None
    resources: Mapping[Word, R] = Field(default_factory=dict)
    apps: Mapping[Word, AppOverride] = Field(default_factory=dict)
    include: tuple[str, ...] = Field((), strict=False)

    @model_validator(mode="after")
    def _distinct_clusters(self) -> Self:
        for what in ("name", "issuer", "context"):
            seen: set[str] = set()
            for cluster in self.clusters:
                value: str = getattr(cluster, what)
                if value in seen:
                    raise PydanticCustomError(
                        "clusters", "two clusters have the {what} '{value}'", {"what": what, "value": value}
                    )
                seen.add(value)
        return self
