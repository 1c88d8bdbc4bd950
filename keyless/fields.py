"""Types of the fields that people write: ARM ids, names of Azure and Kubernetes, URLs. Each says what may stand there."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from keyless.masks import told
from keyless.plan import ArmId

_ARM_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[-\w.()]{1,90})/providers/(?P<rest>(?a:[\w.]+(?:/\w+/[-\w.()]+)+))/?",
    re.IGNORECASE,
)
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# Names of the last segment: pattern, shortest, longest. Source: Azure, resource naming rules, read 2026-11.
_NAMES = {
    "Microsoft.Cache/redis": (r"[A-Za-z0-9](-?[A-Za-z0-9])*", 1, 63),
    "Microsoft.Cache/redisEnterprise": (r"[A-Za-z0-9](-?[A-Za-z0-9])*", 1, 60),
    "Microsoft.CognitiveServices/accounts": (r"[A-Za-z0-9][-\w.]*", 2, 64),
    "Microsoft.KeyVault/vaults": (r"[A-Za-z](-?[A-Za-z0-9])*", 3, 24),
    "Microsoft.ManagedIdentity/userAssignedIdentities": (r"[A-Za-z0-9][-\w]*", 3, 128),
    "Microsoft.Network/virtualNetworks/subnets": (r"\w([-\w.]*\w)?", 1, 80),
    "Microsoft.OperationalInsights/workspaces": (r"[A-Za-z0-9][-A-Za-z0-9]*[A-Za-z0-9]", 4, 63),
    "Microsoft.Storage/storageAccounts": (r"[a-z0-9]*", 3, 24),
}
# https://<region>.oic.prod-aks.azure.com/<tenant>/<guid>/, and a token's issuer equals it to the letter.
# Source: Azure workload identity, troubleshooting, read 2026-11.
_AKS_ISSUER = re.compile(r"https://[^/]+\.oic\.prod-aks\.azure\.com/(?P<tenant>[^/]+)(/.*)?", re.IGNORECASE)
WIDEST = 16
"""The widest network that may be let in: an organisation's own block is at most a /16, and wider ones hold strangers."""
# What no packet from the Internet comes from. Source: IANA, special-purpose and multicast address registries, read 2026-11.
_SPECIAL = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip


def parse_arm_id(text: str, type_: str | None = None) -> ArmId:
    """The parts of an ARM id below a resource group, in one canonical spelling of all that Azure itself spells.

    Subscription, type and fixed words are canonical; group and names stay as they were written. Two spellings of
    these name one resource for Azure and for `ArmId.key`, by which ids are compared; but what is made carries
    them as they are, so that a file whose ids do not change never changes what is made.

    Raises PydanticCustomError (a ValueError) if `text` is none, or is the id of another type.
    """
    match = _ARM_ID.fullmatch(text)
    if match is None or re.fullmatch(_GUID, match["subscription"]) is None:
        form = "/subscriptions/<guid>/resourceGroups/<group>/providers/" + _named(
            type_ or "<namespace>/<type>"
        )
        raise PydanticCustomError(
            "arm_id", "{text} is not an ARM id of the form {form}", {"text": told(text), "form": form}
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
    if kind in _NAMES and not _name_fits(kind, names[-1]):
        pattern, shortest, longest = _NAMES[kind]
        raise PydanticCustomError(
            "arm_name",
            "{name} cannot be the name of a {type}: names have {shortest} to {longest} characters and fit the pattern {pattern}",
            {
                "name": told(names[-1]),
                "type": kind,
                "pattern": pattern,
                "shortest": shortest,
                "longest": longest,
            },
        )
    tail = "/".join(f"{word}/{name}" for word, name in zip(kind.split("/")[1:], names, strict=True))
    canonical = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind.split('/')[0]}/{tail}"
    return ArmId(canonical, subscription, group, kind, names[-1])


def _named(type_: str) -> str:
    namespace, *words = type_.split("/")
    return "/".join([namespace, *(part for word in words for part in (word, "<name>"))])


def _name_fits(type_: str, name: str) -> bool:
    pattern, shortest, longest = _NAMES[type_]
    return shortest <= len(name) <= longest and re.fullmatch(pattern, name, re.ASCII) is not None


def identity_name_fits(name: str) -> bool:
    """Whether a user-assigned managed identity can be called `name`."""
    return _name_fits("Microsoft.ManagedIdentity/userAssignedIdentities", name)


def resource_group_fits(name: str) -> bool:
    """Whether a resource group can be called `name`."""
    return re.fullmatch(r"[-\w.()]{0,89}[-\w()]", name) is not None


def parse_group_id(text: str) -> str | None:
    """The ARM id of a resource group in canonical spelling, its name as written; None where `text` is none."""
    match = re.fullmatch(rf"/subscriptions/({_GUID})/resourceGroups/([-\w.()]+)/?", text, re.IGNORECASE)
    if match is None or not resource_group_fits(match[3]):
        return None
    return resource_group_id(match[1].lower(), match[3])


def resource_group_id(subscription: str, name: str) -> str:
    """The ARM id of the resource group `name` in `subscription`, in canonical spelling."""
    return f"/subscriptions/{subscription}/resourceGroups/{name}"


def virtual_network(subnet: str) -> str:
    """The id of the network of which `subnet` is the id of a subnet."""
    return subnet.rsplit("/subnets/", 1)[0]


def below_group(group: str, type_: str, name: str) -> ArmId:
    """The id of the resource `name` of `type_` in the resource group whose id is `group`, in canonical case."""
    # A name that is none may hold a slash; it is told elsewhere.
    _, _, subscription, _, resource_group = group.split("/", 4)
    return ArmId(f"{group}/providers/{type_}/{name}", subscription, resource_group, type_, name)


def below(parent: ArmId, child: str, name: str) -> ArmId:
    """The id of the child `name` of `parent`; `child` is the last word of its type, such as `databases`."""
    text = f"{parent.text}/{child}/{name}"
    return ArmId(text, parent.subscription, parent.resource_group, f"{parent.type}/{child}", name)


def arm_id_of(type_: str | None = None) -> BeforeValidator:
    """For `Annotated[ArmId, ...]`: the text of an ARM id of a `type_`, of any without one."""

    def read(value: object) -> ArmId:
        if isinstance(value, ArmId):
            return value
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "Input should be a valid string")
        return parse_arm_id(value, type_)

    return BeforeValidator(read, json_schema_input_type=str)


@dataclass(frozen=True, slots=True)
class GrantId:
    """The ARM id of a grant that exists: where it stands, and its name in lower case."""

    form: Literal["RoleAssignment", "CacheAccess"]
    scope: str
    name: str


_ROLE_ASSIGNMENT = re.compile(
    rf"(?P<scope>/subscriptions/{_GUID}/.+)/providers/Microsoft\.Authorization/roleAssignments/(?P<name>{_GUID})/?",
    re.IGNORECASE,
)
_POLICY_ASSIGNMENT = re.compile(
    r"(?P<scope>/subscriptions/.+/providers/Microsoft\.Cache/redis(Enterprise/[^/]+/databases)?/[^/]+)/accessPolicyAssignments/(?P<name>[-\w]{1,63})/?",
    re.IGNORECASE,
)


def parse_grant_id(text: object) -> GrantId:
    """A grant's id in its parts. Raises PydanticCustomError (a ValueError) where `text` is none."""
    if isinstance(text, GrantId):
        return text
    if not isinstance(text, str):
        raise PydanticCustomError("string_type", "Input should be a valid string")
    role, policy = _ROLE_ASSIGNMENT.fullmatch(text), _POLICY_ASSIGNMENT.fullmatch(text)
    match = role or policy
    if match is None:
        raise PydanticCustomError("grant_id", "'{text}' is not the id of a grant", {"text": text})
    return GrantId("RoleAssignment" if role else "CacheAccess", match["scope"], match["name"].lower())


def _https(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is none
        whole = parts.hostname and not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        whole = False
    if url.startswith("https://") and not whole:
        raise PydanticCustomError("https", "the address holds more or less than https://<host>/<path>")
    if not url.startswith("https://"):
        raise PydanticCustomError("https", "{url} does not begin with https://", {"url": told(url)})
    if re.fullmatch("[!-~]+", url) is None:
        raise PydanticCustomError("https", "{url} holds a character that no URL has", {"url": told(url)})
    return url


def aks_tenant(issuer: str) -> str | None:
    """The tenant in the issuer of an AKS cluster; None where the cluster is another."""
    match = _AKS_ISSUER.fullmatch(issuer)
    return None if match is None else match["tenant"].lower()


def _issuer(url: str) -> str:
    if aks_tenant(url) is not None and not url.endswith("/"):
        raise PydanticCustomError(
            "issuer", "{url} lacks the slash in which AKS ends an issuer", {"url": told(url)}
        )
    return url


def _resource_group(name: str) -> str:
    if name.endswith("."):
        raise PydanticCustomError("name", "{name} ends in a dot", {"name": told(name)})
    return name


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("one_line", "the text holds a line break or a control character")
    return text


def _ipv4(text: str) -> str:
    try:
        block = IPv4Network(text)
    except ValueError:
        block = None
    if block is None or re.fullmatch(r"[0-9.]+(/[0-9]{1,2})?", text) is None:
        raise PydanticCustomError("ip", "{text} is not an IPv4 address or network", {"text": told(text)})
    special = next((one for one in _SPECIAL if one.overlaps(block)), None)
    if block.prefixlen < WIDEST and (special is None or not block.subnet_of(special)):
        raise PydanticCustomError(
            "ip",
            "{text} would let {count} addresses in, and a network has at most a /{widest}",
            {"text": told(text), "count": f"{block.num_addresses:,}", "widest": WIDEST},
        )
    if special is not None:
        raise PydanticCustomError(
            "ip",
            "{text} overlaps {special}, which is not part of the public Internet",
            {"text": told(text), "special": str(special)},
        )
    return text


def _singles(written: tuple[str, ...]) -> tuple[str, ...]:
    """Each network once; a /31 or /32 as its addresses, since firewalls take no networks that small."""
    blocks = [IPv4Network(text) for text in written]
    return tuple(
        dict.fromkeys(
            text for block in blocks for text in (map(str, block) if block.prefixlen >= 31 else (str(block),))
        )
    )


Guid = Annotated[str, StringConstraints(pattern=f"^{_GUID}$", to_lower=True)]
"""A GUID."""
Url = Annotated[str, StringConstraints(max_length=600), AfterValidator(_https)]
"""A URL that begins with `https://`."""
Issuer = Annotated[Url, AfterValidator(_issuer)]
"""A URL that begins with `https://`; of an AKS cluster, with the slash at its end."""
Location = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{3,40}$")]
"""An Azure region in one lower-case word, such as `koreacentral`."""
ResourceGroup = Annotated[
    str, StringConstraints(pattern=r"^[-\w.()]{1,90}$"), AfterValidator(_resource_group)
]
"""The name of a resource group."""
Word = Annotated[str, StringConstraints(pattern=r"^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$")]
"""At most 40 lower-case letters, digits and hyphens; the first is a letter."""
Reason = Annotated[
    str, StringConstraints(min_length=3, max_length=500, strip_whitespace=True), AfterValidator(_one_line)
]
"""A reason in 3 to 500 characters, on one line."""
Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
"""A DNS label: at most 63 lower-case letters, digits and hyphens."""
ObjectName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", max_length=253
    ),
]
"""The name of a Kubernetes object: DNS labels, parted by dots."""
_IpV4 = Annotated[str, AfterValidator(_ipv4)]
Addresses = Annotated[tuple[_IpV4, ...], Field(strict=False), AfterValidator(_singles)]
"""A list of public IPv4 addresses and networks, none wider than a /16, such as `20.0.0.10` and `20.0.0.0/28`."""
Subnet = Annotated[ArmId, arm_id_of("Microsoft.Network/virtualNetworks/subnets")]
"""The ARM id of a subnet."""
Identity = Annotated[ArmId, arm_id_of("Microsoft.ManagedIdentity/userAssignedIdentities")]
"""The ARM id of a user-assigned managed identity."""
ExistingGrant = Annotated[GrantId, BeforeValidator(parse_grant_id, json_schema_input_type=str)]
"""The ARM id of a role assignment, or of an access policy assignment of a cache."""
ExistingCredential = Annotated[
    ArmId, arm_id_of("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials")
]
"""The ARM id of a federated credential."""
Workspace = Annotated[ArmId, arm_id_of("Microsoft.OperationalInsights/workspaces")]
"""The ARM id of a Log Analytics workspace."""
