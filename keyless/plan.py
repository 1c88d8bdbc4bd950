"""What will be made, as plain frozen values: sorted, complete, without logic.

The planner writes a Plan; `components/` makes it, `render/` prints it, `diff` compares two. Reading it tells
all: no role, name or host is worked out anywhere else. A value that exists only after deployment is a `Ref`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from keyless.finding import Finding

Cloud = Literal["public", "usgov", "china"]
Network = Literal["public", "firewall", "endpoint", "private"]
Keys = Literal["allowed", "forbidden"]
Management = Literal["referenced", "patched"]
Owner = Literal["terraform", "bicep"]
ManagedBy = Literal["keyless", "workload"]
PolicySubject = Literal["keys", "public", "firewall", "credentials"]
WorkloadKind = Literal["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"]


@dataclass(frozen=True, slots=True)
class Ref:
    """A value that exists only after deployment: never an empty string, never a Pulumi Output."""

    ref: Literal["identity.client_id", "identity.principal_id"]


Setting = str | Ref


@dataclass(frozen=True, slots=True)
class ArmId:
    """A parsed Azure Resource Manager id of a resource in a resource group.

    `text` is the whole id in canonical case, `type` such as `Microsoft.Storage/storageAccounts`, `name` the
    last segment. Two ids name one resource when `key` is equal: Azure ignores case.
    """

    text: str
    subscription: str
    resource_group: str
    type: str
    name: str

    @property
    def key(self) -> str:
        """The id in lower case, for comparing."""
        return self.text.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedIdentity:
    """The user-assigned managed identity of one app; `made` is False where the environment names an existing one."""

    logical_name: str
    id: ArmId
    location: str
    made: bool
    protected: bool
    tags: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.id.name

    @property
    def resource_group(self) -> str:
        return self.id.resource_group


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedCredential:
    """Lets the ServiceAccount `subject` of `cluster` become the identity. Written one after another.

    `made` is False where the environment names one that exists; `name` is its name then.
    `locked`: a delete lock keeps it from being removed or replaced.
    """

    logical_name: str
    name: str
    cluster: str
    issuer: str
    subject: str
    audiences: tuple[str, ...]
    made: bool = True
    locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A wider grant that a person asked for, with the reason; every report repeats it."""

    role: str | None
    scope: Literal["account", "vault"] | None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAssignment:
    """An Azure role assignment.

    `assignment` is its name in Azure, a GUID; `role_id` the GUID of the role; `role_definition_id` the full id,
    in the subscription of `scope`, which is a full ARM id. `wider` says why the grant is more than was asked.
    `made` is False where the environment names one that exists.
    `locked`: a delete lock keeps it from being removed or replaced.
    `condition` is an Azure ABAC condition of version 2.0, and `only` says it in words.
    """

    form: ClassVar = "RoleAssignment"
    logical_name: str
    uses: tuple[str, ...]
    kind: str
    access: str
    role: str
    role_id: str
    role_definition_id: str
    scope: str
    subscription: str
    assignment: str
    condition: str | None
    because: str
    waiver: Waiver | None
    wider: str | None
    made: bool = True
    locked: bool = False
    only: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheAccess:
    """An access policy assignment on a Redis cache: `cache` is the cache or the Managed Redis cluster.

    `database` is the database of a Managed Redis cluster and None on Azure Cache for Redis. `made` is False where
    the environment names one that exists.
    `database` is the database of a Managed Redis cluster and None on Azure Cache for Redis. `locked` as of a RoleAssignment.
    """

    form: ClassVar = "CacheAccess"
    logical_name: str
    uses: tuple[str, ...]
    kind: str
    access: str
    cache: ArmId
    database: str | None
    policy: str
    assignment: str
    because: str
    waiver: Waiver | None
    wider: str | None
    made: bool = True
    locked: bool = False


Grant = RoleAssignment | CacheAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A workload of an app as its spec names it, with the clusters where it is patched, only rendered, or neither yet.

    Each cluster that it runs in is in one of the three; `granted_in` are those of `stage: granted`.
    """

    kind: WorkloadKind
    namespace: str
    name: str
    service_account: str
    managed_by: ManagedBy
    containers: tuple[str, ...]
    patched_in: tuple[str, ...]
    rendered_in: tuple[str, ...]
    granted_in: tuple[str, ...] = ()

    @property
    def clusters(self) -> tuple[str, ...]:
        return (*self.patched_in, *self.rendered_in, *self.granted_in)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    """A ServiceAccount in one cluster: made by Keyless, or annotated where the workload's own files make it."""

    logical_name: str
    cluster: str
    namespace: str
    name: str
    managed_by: ManagedBy
    labels: Mapping[str, str]
    annotations: Mapping[str, Setting]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadPatch:
    """A server-side-apply patch of one existing workload in one cluster.

    `template_path` leads from the object to its pod template (a CronJob's is two levels deeper);
    `env` reaches every container of `containers`; labels and annotations go onto the pod template.
    """

    logical_name: str
    cluster: str
    kind: WorkloadKind
    namespace: str
    name: str
    template_path: tuple[str, ...]
    labels: Mapping[str, str]
    annotations: Mapping[str, Setting]
    service_account: str
    containers: tuple[str, ...]
    env: Mapping[str, Setting]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPlan:
    """All that is made for one app in one environment; `resources` are the logical names of what it uses."""

    app: str
    team: str | None
    stack: str
    environment: str
    identity: ManagedIdentity
    credentials: tuple[FederatedCredential, ...]
    grants: tuple[Grant, ...]
    settings: Mapping[str, Setting]
    workloads: tuple[Workload, ...]
    service_accounts: tuple[ServiceAccount, ...]
    patches: tuple[WorkloadPatch, ...]
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateDnsZone:
    """A private DNS zone that the environment's stack makes and links to the virtual network."""

    logical_name: str
    id: ArmId
    link_logical_name: str
    link_name: str
    virtual_network: str
    protected: bool
    tags: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.id.name


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateEndpoint:
    """A private endpoint of `resource`, in the owner's stack, once per resource, network and group id.

    `zones` are the ARM ids of the zones that its zone group holds; empty where Azure Policy writes the group.
    `used_by` are apps.
    """

    logical_name: str
    zone_group_logical_name: str
    resource: str
    stack: str
    name: str
    subscription: str
    resource_group: str
    location: str
    subnet: str
    target: ArmId
    group_id: str
    zones: tuple[ArmId, ...]
    used_by: tuple[str, ...]
    protected: bool
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """How a resource may be reached and entered; `override` is the reason of a rule that was set aside for it.

    `kind` is the resource's, `id` its ARM id. `keyed` is False for a kind that has no keys. `cuts_off` are sentences: who is
    shut out by this posture, whoever makes it. `locked`: a delete lock keeps what was granted on it from being taken away.
    """

    resource: str
    kind: str
    id: ArmId
    stack: str
    network: Network
    keys: Keys
    keyed: bool
    management: Management
    owner: Owner | None
    override: str | None
    locked: bool
    cuts_off: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleList:
    """Entries that one array of an Azure resource must hold, beside those that others wrote there.

    `path` leads to the array below `properties`, such as `networkAcls.ipRules`; `key` is the member that tells
    entries apart, compared without case. `limit` is how many entries Azure takes, others' included.
    """

    path: str
    key: str
    entries: tuple[Mapping[str, str], ...]
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """A property that must read one of `wanted` before anything is written; None stands for an absent one.

    `path` leads below `properties`; `because` is told where the property reads otherwise.
    """

    path: str
    wanted: tuple[str | bool | None, ...]
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPatch:
    """What a posture sets on one ARM resource that someone else made, and nothing else of it.

    `values` by property path below `properties`, such as `networkAcls.defaultAction`; `requires` is read before.
    """

    id: ArmId
    api_version: str
    values: Mapping[str, str | bool]
    rules: tuple[RuleList, ...]
    requires: tuple[Precondition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmChild:
    """A child that a posture makes below a resource, such as a firewall rule of Azure Cache for Redis."""

    id: ArmId
    api_version: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointProof:
    """A private endpoint that must work before public access is closed: approved, with an address in every zone.

    `zones` are names of private DNS zones, such as `privatelink.blob.core.windows.net`.
    """

    endpoint: ArmId
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PosturePatch:
    """The posture of one `patched` resource, made in its owner's stack: one, also where it spans two ARM resources.

    `proofs` are awaited for `dns_timeout` seconds before anything is written. `opens`: the posture says `public`. Only then
    may the last of its children go: a cache without rules lets everyone in, and a line that is gone opens no door.
    """

    logical_name: str
    resource: str
    subscription: str
    patches: tuple[ArmPatch, ...]
    children: tuple[ArmChild, ...]
    proofs: tuple[EndpointProof, ...]
    dns_timeout: int
    opens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticSetting:
    """Sends the logs that say who used a resource to a workspace; `target` is what the logs belong to."""

    logical_name: str
    resource: str
    name: str
    target: ArmId
    workspace: ArmId
    categories: tuple[str, ...]
    dedicated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualStep:
    """Something wanted that Keyless may not do itself, with its exact command; never silently dropped."""

    stack: str
    resource: str | None
    app: str | None
    step: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPlan:
    """What the environment or a team owns and its apps share."""

    zones: tuple[PrivateDnsZone, ...]
    private_endpoints: tuple[PrivateEndpoint, ...]
    postures: tuple[Posture, ...]
    posture_patches: tuple[PosturePatch, ...] = ()
    diagnostic_settings: tuple[DiagnosticSetting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltInPolicy:
    """An Azure Policy definition that audits or denies what a posture closes, for `kinds` that the plan holds.

    `definition` is its GUID; it and `name` are None where Azure has no such definition. `effect_parameter` is the name
    of the parameter that takes one of `effects`. `flags` are the resources of this plan that it would flag.
    """

    kinds: tuple[str, ...]
    subject: PolicySubject
    name: str | None
    definition: str | None
    effects: tuple[str, ...]
    effect_parameter: str | None
    note: str | None
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """A cluster that a stack writes to: its name in the environment and its kubeconfig context."""

    name: str
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPlan:
    """All that one stack makes: `dev`, or `payments.dev`. `subscriptions` and `clusters` need a provider each."""

    environment: str
    stack: str
    team: str | None
    cloud: Cloud
    tenant: str
    subscriptions: tuple[str, ...]
    clusters: tuple[ClusterAccess, ...]
    apps: tuple[AppPlan, ...]
    shared: SharedPlan
    manual: tuple[ManualStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every stack of one environment. `warnings` are worth a look and change nothing."""

    environment: str
    stacks: tuple[StackPlan, ...]
    warnings: tuple[Finding, ...]
    policies: tuple[BuiltInPolicy, ...] = ()
