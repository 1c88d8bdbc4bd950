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
    """Resource group of the identities. It must exist; `{team}` is `shared` for an app of no team."""
    name: Annotated[str, StringConstraints(min_length=1, max_length=128)] = "id-{app}-{env}"
    """Name of an app's identity."""
    shared: bool = False
    """Accepts that several stacks write into one resource group, so that each can become the other's identities."""
    location: Location | None = None
    """Region of the identities."""


class Deployers(Frozen):
    """Where the identities of pipelines are made, which bring stacks up."""

    resource_group: ResourceGroup
    """Resource group of the pipelines' identities. No stack may write into it: else it could become them."""


class Cluster(Frozen):
    """One AKS cluster: its OIDC issuer, exactly as AKS prints it, and how manifests reach it."""

    name: Word
    """A word for the cluster; it becomes part of the names of credentials, so it does not change."""
    issuer: Url
    """The OIDC issuer, exactly as AKS prints it, with the slash at its end."""
    context: Annotated[str, StringConstraints(min_length=1)]
    """The cluster's context in the kubeconfig of whoever runs `pulumi up`."""
    delivery: Literal["patch", "gitops"] = "patch"
    """`patch`: `pulumi up` makes the ServiceAccount and patches the workload. `gitops`: it touches nothing in the cluster."""
    egress: tuple[IpV4, ...] = Field((), strict=False)
    """Addresses that the cluster's traffic leaves from: what the firewall of a resource must let in."""
    subnets: tuple[Subnet, ...] = Field((), strict=False)
    """Subnets of the cluster's nodes."""
    location: Location | None = None
    """Region of the cluster."""


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
    """Subnet in which private endpoints are made."""
    resource_group: ResourceGroup
    """Resource group of the endpoints and of the private DNS zones that Keyless makes."""
    zones: Annotated[str, AfterValidator(_zones)]
    """`managed`: Keyless makes the private DNS zones. `policy`: an Azure Policy does. Else the id of the resource group that holds them."""
    location: Location | None = None
    """Region of the endpoints."""


class Override(Frozen):
    """Why something is done against a rule; shown in every report."""

    because: Reason
    """The reason."""


class ResourceFacts(Frozen):
    """What every resource has, whatever its kind: its posture and its owner. Kinds add `kind`, `id` and hosts."""

    network: NetworkPosture = "public"
    """`public` leaves its doors as they are. `firewall`: only the clusters get in, by a manual step. `endpoint` makes a private endpoint. `private` does, and closes public access by a manual step."""
    keys: Keys = "allowed"
    """Whether access keys may work. `forbidden` is the end of the road: a manual step turns them off."""
    management: Management = "referenced"
    """`referenced`: Keyless makes grants and endpoints, and leaves the resource itself. `patched`: it may set what `network` and `keys` name; so far this is a manual step all the same."""
    owner: Literal["terraform", "bicep"] | None = None
    """Who else writes the resource; it cannot be `patched` then."""
    override: Override | None = None
    """Why the keys are forbidden, where it is not proven that no app leans on one."""
    location: Location | None = None
    """Region of the resource."""
    team: Word | None = None
    """The team that owns it: its private endpoint is made in that team's stack. Without it, the environment owns it."""
    consumers: tuple[Word, ...] | None = Field(None, strict=False)
    """Teams that may use it. Without it: every team if the environment owns it, the owner alone if a team does."""

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
    """Why the app is not in this environment; then nothing of it is made."""
    namespace: Namespace | None = None
    """Namespace of its workloads here, instead of the app file's."""
    name: ObjectName | None = None
    """Name of its workload here, instead of the app file's; for an app of one workload."""
    stage: Literal["patched", "granted"] = "patched"
    """`granted` makes the Azure side and the ServiceAccount and leaves the workload, so that grants settle before pods restart."""
    clusters: tuple[Word, ...] | None = Field(None, strict=False, min_length=1)
    """The clusters that it runs in; without it, every one."""
    identity: Identity | None = None
    """Id of an identity that exists: Keyless makes its credentials and grants, and leaves the identity."""


R = TypeVar("R", bound=ResourceFacts, covariant=True)


class Environment(Frozen, Generic[R]):
    """The facts of one environment. `name` is the file's: `dev` for Pulumi.dev.yaml."""

    cloud: Cloud = "public"
    """The Azure cloud; hosts, zones and roles follow from it."""
    tenant: Guid
    """Tenant id."""
    subscription: Guid
    """Id of the subscription that the identities are made in."""
    location: Location
    """Region of everything that states none."""
    protected: bool = False
    """Protects identities, zones and endpoints against deletion."""
    tags: Mapping[str, str] = Field(default_factory=dict)
    """Tags of every Azure resource that Keyless makes."""
    identities: Identities
    """Where identities are made, and how they are called."""
    deployers: Deployers | None = None
    """Where `keyless deployer` puts the identities of pipelines."""
    clusters: tuple[Cluster, ...] = Field((), strict=False)
    """The AKS clusters."""
    network: Network | None = None
    """Where private endpoints go; needed where a resource has `network: endpoint` or `private`."""
    resources: Mapping[Word, R] = Field(default_factory=dict)
    """Logical names, by which apps know them, and the Azure resources behind them."""
    apps: Mapping[Word, AppOverride] = Field(default_factory=dict)
    """What must differ here for an app, by the app's name."""
    include: tuple[str, ...] = Field((), strict=False)
    """Files with more `resources` and `apps`, as paths from the project's folder; `*` stands for any name."""

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
