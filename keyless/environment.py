"""Environment: the facts of dev, stg or prd, from a file and never from a call. Models only; no kind is known here."""

import re
from collections.abc import Mapping
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from keyless.fields import (
    Addresses,
    ExistingCredential,
    ExistingGrant,
    Guid,
    Identity,
    Issuer,
    Location,
    Namespace,
    ObjectName,
    Reason,
    ResourceGroup,
    Subnet,
    Word,
    Workspace,
    aks_tenant,
    parse_group_id,
)
from keyless.masks import told
from keyless.plan import Cloud, Keys, Management, Owner
from keyless.plan import Network as NetworkPosture


class Frozen(BaseModel):
    """What every model of a file is: read only, and strict about unknown keys and types."""

    # Built when first used: half of what one command takes to start went into models that it never asks.
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, defer_build=True
    )


class Identities(Frozen):
    """Where the identities of apps are made. `{team}`, `{app}` and `{env}` are filled in."""

    resource_group: Annotated[str, StringConstraints(min_length=1, max_length=90)]
    """Resource group of the identities. It must exist; `{team}` is `shared` for an app of no team."""
    name: Annotated[str, StringConstraints(min_length=1, max_length=128)] = "id-{app}-{env}"
    """Name of an app's identity."""
    shared: bool = False
    """Accepts that several stacks write into one resource group, so that each can become the other's identities. Stacks of two environments: both must accept it."""
    location: Location | None = None
    """Region of the identities."""
    locked: bool = False
    """Says that a delete lock stands on the group: federated credentials can be added there, and neither removed nor replaced."""


class Deployers(Frozen):
    """Where the identities of pipelines are made, which bring stacks up."""

    resource_group: ResourceGroup
    """Resource group of the pipelines' identities. No stack may write into it: else it could become them."""


class Cluster(Frozen):
    """One AKS cluster: its OIDC issuer, exactly as AKS prints it, and how manifests reach it."""

    name: Word
    """A word for the cluster; it becomes part of the names of credentials, so it does not change."""
    issuer: Issuer
    """The OIDC issuer, exactly as AKS prints it, with the slash at its end."""
    context: Annotated[str, StringConstraints(pattern=r"^\S(.*\S)?$")]
    """The cluster's context in the kubeconfig of whoever runs `pulumi up`."""
    delivery: Literal["patch", "gitops"] = "patch"
    """`patch`: `pulumi up` makes the ServiceAccount and patches the workload. `gitops`: it touches nothing in the cluster."""
    egress: Addresses = ()
    """Addresses that the cluster's traffic leaves from: what the firewall of a resource must let in."""
    subnets: tuple[Subnet, ...] = Field((), strict=False)
    """Subnets of the cluster's nodes."""
    location: Location | None = None
    """Region of the cluster."""

    @property
    def issuer_key(self) -> str:
        """The issuer for comparing: two that differ by case or by the last slash are one cluster's, misspelt."""
        return self.issuer.rstrip("/").lower()


def _zones(value: str) -> str:
    if value in ("managed", "policy"):
        return value
    group = parse_group_id(value)
    if group is None:
        raise PydanticCustomError(
            "zones",
            "{value} is not one of managed, policy, or the id of a resource group",
            {"value": told(value)},
        )
    return group


class Network(Frozen):
    """The virtual network in which private endpoints are made, and who keeps its private DNS zones."""

    subnet: Subnet
    """Subnet in which private endpoints are made."""
    resource_group: ResourceGroup
    """Resource group of the endpoints and of the private DNS zones that Keyless makes."""
    zones: Annotated[str, AfterValidator(_zones)]
    """`managed`: Keyless makes the private DNS zones. `policy`: an Azure Policy does. Else the id of the resource group that holds them."""
    location: Location | None = None
    """Region of the endpoints, which is that of the subnet."""
    spoke: bool = False
    """Says that the network is a spoke: its names are resolved in a hub, so zones that Keyless made and linked here would not be asked."""
    dns: Literal["azure", "own"] = "azure"
    """`own`: the network asks DNS servers of its own, which do not see zones that are linked to it."""
    dns_timeout: Annotated[int, Field(ge=1, le=240)] = 30
    """Minutes that closing public access waits for an endpoint's records; at least 15 with `zones: policy`, as Azure Policy begins after ten."""

    @model_validator(mode="after")
    def _zones_are_asked(self) -> Self:
        if self.zones == "managed" and (self.spoke or self.dns == "own"):
            raise PydanticCustomError(
                "unasked_zones",
                "`zones: managed` makes zones that only this network asks, and it is said to {why}",
                {"why": "be a spoke" if self.spoke else "have DNS servers of its own"},
            )
        return self

    @model_validator(mode="after")
    def _policy_has_time(self) -> Self:
        if self.zones == "policy" and self.dns_timeout < 15:
            raise PydanticCustomError(
                "short_timeout",
                "Azure Policy begins ten minutes after an endpoint is made, and `dns_timeout` is {minutes}",
                {"minutes": self.dns_timeout},
            )
        return self


class Audit(Frozen):
    """Where the logs go that say who read what; `workspace` or `policy`, and one of them."""

    workspace: Workspace | None = None
    """Log Analytics workspace to which a diagnostic setting of every resource in use sends its logs."""
    policy: bool = False
    """`true` where an Azure Policy of the platform makes the diagnostic settings; then Keyless makes none."""

    @model_validator(mode="after")
    def _one_maker(self) -> Self:
        if (self.workspace is not None) == self.policy:
            raise PydanticCustomError("audit", "write either `workspace` or `policy: true`, and one of them")
        return self


class Override(Frozen):
    """Why something is done against a rule; shown in every report."""

    because: Reason
    """The reason."""


class ResourceFacts(Frozen):
    """What every resource has, whatever its kind: its posture and its owner. Kinds add `kind`, `id` and hosts."""

    network: NetworkPosture = "public"
    """`public`: open. `firewall`: only the clusters' subnets and addresses get in. `endpoint` makes a private endpoint and leaves public access as it is. `private` makes one too, and closes public access once it works. Must be written where the resource is `patched`."""
    keys: Keys = "allowed"
    """Whether access keys may work; `forbidden` is the end of the road. Must be written where the resource is `patched` and has keys. `forbidden` is refused while an app may lean on a key; `keyless migrate` shows which, and where."""
    management: Management = "referenced"
    """`referenced`: Keyless makes grants and endpoints, and what `network` and `keys` want of the resource itself is a manual step. `patched`: `pulumi up` sets that, and nothing else of it."""
    owner: Owner | None = None
    """Who else writes the resource; it cannot be `patched` then, and the manual step is that owner's own lines."""
    locked: bool = False
    """Says that a delete lock stands on the resource or above it: grants can be added there, and neither removed nor replaced."""
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
                {"owner": self.owner, "at": ("owner",)},
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
    grants: Mapping[Word, ExistingGrant] = Field(default_factory=dict)
    """Grants that the existing identity holds already, by use: Keyless refers to them, and neither makes nor deletes them. `keyless import` finds them."""
    credentials: Mapping[str, ExistingCredential] = Field(default_factory=dict)
    """Federated credentials that the existing identity has already, by the names that Keyless would give them: it refers to them too."""

    @model_validator(mode="after")
    def _absent_alone(self) -> Self:
        others = sorted(self.model_fields_set - {"absent"})
        if self.absent is not None and others:
            raise PydanticCustomError(
                "absent",
                "the app is absent here, so `{others}` would do nothing",
                {"others": "`, `".join(others)},
            )
        return self


# Source: Azure Resource Manager, limits of tags, read 2026-11.
_TAGS, _TAG_NAME, _TAG_VALUE = 50, 512, 256


def _tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    def refused(message: str, **words: str | int) -> PydanticCustomError:
        return PydanticCustomError("tags", message, words)

    if len(tags) > _TAGS:
        raise refused("{count} tags, and Azure takes {most}", count=len(tags), most=_TAGS)
    seen: dict[str, str] = {}
    for name, value in tags.items():
        if not 1 <= len(name) <= _TAG_NAME or not name.isprintable() or re.search(r"[<>%&\\?/]", name):
            raise refused("{name} cannot be the name of a tag", name=told(name))
        if len(value) > _TAG_VALUE:
            raise refused(
                "the tag {name} has {count} characters, and Azure takes {most}",
                name=told(name),
                count=len(value),
                most=_TAG_VALUE,
            )
        twin = seen.setdefault(name.lower(), name)
        if twin != name:
            raise refused(
                "{name} and {twin} are one tag: Azure ignores case", name=told(name), twin=told(twin)
            )
    return tags


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
    tags: Annotated[Mapping[str, str], AfterValidator(_tags)] = Field(default_factory=dict)
    """Tags of every Azure resource that Keyless makes."""
    identities: Identities
    """Where identities are made, and how they are called."""
    deployers: Deployers | None = None
    """Where `keyless deployer` puts the identities of pipelines."""
    clusters: tuple[Cluster, ...] = Field((), strict=False)
    """The AKS clusters."""
    network: Network | None = None
    """Where private endpoints go; needed where a resource has `network: endpoint` or `private`."""
    audit: Audit | None = None
    """Where the logs of every resource in use go, and who makes their diagnostic settings."""
    resources: Mapping[Word, R] = Field(default_factory=dict)
    """Logical names, by which apps know them, and the Azure resources behind them."""
    apps: Mapping[Word, AppOverride] = Field(default_factory=dict)
    """What must differ here for an app, by the app's name."""
    include: tuple[str, ...] = Field((), strict=False)
    """Files with more `resources` and `apps`, as paths from the project's folder; `*` stands for any name."""

    @field_validator("clusters")
    @classmethod
    def _one_tenant(cls, clusters: tuple[Cluster, ...], info: ValidationInfo) -> tuple[Cluster, ...]:
        """The webhook gives a pod its cluster's tenant, and the identity is in another one's: no token."""
        tenant = info.data.get("tenant")
        for index, cluster in enumerate(clusters):
            theirs = aks_tenant(cluster.issuer)
            if None not in (theirs, tenant) and theirs != tenant:
                raise PydanticCustomError(
                    "tenant",
                    "the issuer of '{cluster}' is of the tenant {theirs}, and the environment's is {tenant}",
                    {"cluster": cluster.name, "theirs": theirs, "tenant": tenant, "at": (index, "issuer")},
                )
        return clusters

    @model_validator(mode="after")
    def _distinct_clusters(self) -> Self:
        for what in ("name", "issuer", "context"):
            seen: set[str] = set()
            for index, cluster in enumerate(self.clusters):
                value: str = getattr(cluster, what)
                key = cluster.issuer_key if what == "issuer" else value
                if key in seen:
                    raise PydanticCustomError(
                        "clusters",
                        "two clusters have the {what} '{value}'",
                        {"what": what, "value": value, "at": ("clusters", index, what)},
                    )
                seen.add(key)
        return self
