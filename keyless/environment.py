"""Environment: the facts of dev, stg or prd, from a file and never from a call. Models only; no kind is known here."""

import re
from collections.abc import Mapping
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from keyless.plan import ArmId, Keys, Management
from keyless.plan import Network as NetworkPosture

_ARM_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/(?P<rest>[^/]+(?:/[^/]+/[^/]+)+)/?",
    re.IGNORECASE,
)
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class Frozen(BaseModel):
    """What every model of a file is: read only, and strict about unknown keys and types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def parse_arm_id(text: str, type_: str | None = None) -> ArmId:
    """The parts of an ARM id below a resource group; the type of `type_` in its canonical case.

    Raises PydanticCustomError (a ValueError) if `text` is none, or is the id of another type.
    """
    match = _ARM_ID.fullmatch(text)
    if match is None or re.fullmatch(_GUID, match["subscription"]) is None:
        form = "/subscriptions/<guid>/resourceGroups/<group>/providers/" + (type_ or "<type>") + "/<name>"
        raise PydanticCustomError(
            "arm_id", "'{text}' is not an ARM id of the form {form}", {"text": text, "form": form}
        )
    namespace, *rest = match["rest"].split("/")
    found = "/".join([namespace, *rest[0::2]])
    if type_ is not None and found.lower() != type_.lower():
        raise PydanticCustomError(
            "arm_type",
            "the id is of a {found}, and a {wanted} is wanted here",
            {"found": found, "wanted": type_},
        )
    subscription, group = match["subscription"].lower(), match["group"]
    kind = type_ or found
    names = rest[1::2]
    tail = "/".join(f"{word}/{name}" for word, name in zip(kind.split("/")[1:], names, strict=True))
    canonical = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind.split('/')[0]}/{tail}"
    return ArmId(canonical, subscription, group, kind, names[-1])


def arm_id_of(type_: str) -> BeforeValidator:
    """For `Annotated[ArmId, ...]`: the text of an ARM id of a `type_`."""

    def read(value: object) -> ArmId:
        if isinstance(value, ArmId):
            return value
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "Input should be a valid string")
        return parse_arm_id(value, type_)

    return BeforeValidator(read, json_schema_input_type=str)


def _https(url: str) -> str:
    if not url.startswith("https://"):
        raise PydanticCustomError("https", "'{url}' does not begin with https://", {"url": url})
    if url != url.strip() or " " in url:
        raise PydanticCustomError("https", "'{url}' holds a space", {"url": url})
    return url


def _resource_group(name: str) -> str:
    if name.endswith("."):
        raise PydanticCustomError("name", "'{name}' ends in a dot", {"name": name})
    return name


Guid = Annotated[str, StringConstraints(pattern=f"^{_GUID}$", to_lower=True)]
Url = Annotated[str, StringConstraints(max_length=600), AfterValidator(_https)]
Location = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{3,40}$")]
ResourceGroup = Annotated[
    str, StringConstraints(pattern=r"^[-\w.()]{1,90}$"), AfterValidator(_resource_group)
]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$")]
Reason = Annotated[str, StringConstraints(min_length=3, max_length=500, strip_whitespace=True)]
Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
ObjectName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", max_length=253
    ),
]
IpV4 = Annotated[str, StringConstraints(pattern=r"^\d{1,3}(\.\d{1,3}){3}(/\d{1,2})?$")]
Subnet = Annotated[ArmId, arm_id_of("Microsoft.Network/virtualNetworks/subnets")]
Identity = Annotated[ArmId, arm_id_of("Microsoft.ManagedIdentity/userAssignedIdentities")]
Cloud = Literal["public", "usgov", "china"]


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
    if re.fullmatch(rf"/subscriptions/{_GUID}/resourceGroups/[^/]+", value, re.IGNORECASE) is None:
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
