"""Types of the fields that people write: ARM ids, names of Azure and Kubernetes, URLs. Each says what may stand there."""

import re
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, StringConstraints
from pydantic_core import PydanticCustomError

from keyless.plan import ArmId

_ARM_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[-\w.()]{1,90})/providers/(?P<rest>[\w.]+(?:/\w+/[-\w.()]+)+)/?",
    re.IGNORECASE,
)
_GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# Names of the last segment. Source: Azure, resource naming rules, read 2026-11.
_NAMES = {
    "Microsoft.Cache/redis": r"[A-Za-z0-9](-?[A-Za-z0-9]){0,62}",
    "Microsoft.Cache/redisEnterprise": r"[A-Za-z0-9](-?[A-Za-z0-9]){0,59}",
    "Microsoft.CognitiveServices/accounts": r"[A-Za-z0-9][-\w.]{1,63}",
    "Microsoft.KeyVault/vaults": r"[A-Za-z](-?[A-Za-z0-9]){2,23}",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[A-Za-z0-9][-\w]{2,127}",
    "Microsoft.Network/virtualNetworks/subnets": r"\w([-\w.]{0,78}\w)?",
    "Microsoft.OperationalInsights/workspaces": r"[A-Za-z0-9][-A-Za-z0-9]{2,61}[A-Za-z0-9]",
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
}


def parse_arm_id(text: str, type_: str | None = None) -> ArmId:
    """The parts of an ARM id below a resource group; the type of `type_` in its canonical case.

    Raises PydanticCustomError (a ValueError) if `text` is none, or is the id of another type.
    """
    match = _ARM_ID.fullmatch(text)
    if match is None or re.fullmatch(_GUID, match["subscription"]) is None:
        form = "/subscriptions/<guid>/resourceGroups/<group>/providers/" + _named(
            type_ or "<namespace>/<type>"
        )
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
    pattern = _NAMES.get(kind)
    if pattern is not None and re.fullmatch(pattern, names[-1]) is None:
        raise PydanticCustomError(
            "arm_name",
            "'{name}' cannot be the name of a {type}: names fit the pattern {pattern}",
            {"name": names[-1], "type": kind, "pattern": pattern},
        )
    tail = "/".join(f"{word}/{name}" for word, name in zip(kind.split("/")[1:], names, strict=True))
    canonical = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind.split('/')[0]}/{tail}"
    return ArmId(canonical, subscription, group, kind, names[-1])


def _named(type_: str) -> str:
    namespace, *words = type_.split("/")
    return "/".join([namespace, *(part for word in words for part in (word, "<name>"))])


def identity_name_fits(name: str) -> bool:
    """Whether a user-assigned managed identity can be called `name`."""
    return (
        re.fullmatch(_NAMES["Microsoft.ManagedIdentity/userAssignedIdentities"], name, re.ASCII) is not None
    )


def resource_group_fits(name: str) -> bool:
    """Whether a resource group can be called `name`."""
    return re.fullmatch(r"[-\w.()]{0,89}[-\w()]", name) is not None


def is_group_id(text: str) -> bool:
    """Whether `text` is the ARM id of a resource group."""
    return (
        re.fullmatch(rf"/subscriptions/{_GUID}/resourceGroups/[-\w.()]{{1,90}}", text, re.IGNORECASE)
        is not None
    )


def arm_id_of(type_: str | None = None) -> BeforeValidator:
    """For `Annotated[ArmId, ...]`: the text of an ARM id of a `type_`, of any without one."""

    def read(value: object) -> ArmId:
        if isinstance(value, ArmId):
            return value
        if not isinstance(value, str):
            raise PydanticCustomError("string_type", "Input should be a valid string")
        return parse_arm_id(value, type_)

    return BeforeValidator(read, json_schema_input_type=str)


def _https(url: str) -> str:
    try:
        parts = urlsplit(url)
        whole = parts.hostname and not (parts.username or parts.password or parts.query or parts.fragment)
    except ValueError:
        whole = False
    if url.startswith("https://") and not whole:
        raise PydanticCustomError("https", "the address holds more or less than https://<host>/<path>")
    if not url.startswith("https://"):
        raise PydanticCustomError("https", "'{url}' does not begin with https://", {"url": url})
    if url != url.strip() or " " in url:
        raise PydanticCustomError("https", "'{url}' holds a space", {"url": url})
    return url


def _resource_group(name: str) -> str:
    if name.endswith("."):
        raise PydanticCustomError("name", "'{name}' ends in a dot", {"name": name})
    return name


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("one_line", "the text holds a line break or a control character")
    return text


def _ipv4(text: str) -> str:
    try:
        IPv4Network(text)
    except (AddressValueError, NetmaskValueError, ValueError):
        raise PydanticCustomError(
            "ip", "'{text}' is not an IPv4 address or network", {"text": text}
        ) from None
    return text


Guid = Annotated[str, StringConstraints(pattern=f"^{_GUID}$", to_lower=True)]
"""A GUID."""
Url = Annotated[str, StringConstraints(max_length=600), AfterValidator(_https)]
"""A URL that begins with `https://`."""
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
IpV4 = Annotated[str, AfterValidator(_ipv4)]
"""An IPv4 address or network, such as `20.0.0.10` or `20.0.0.0/28`."""
Subnet = Annotated[ArmId, arm_id_of("Microsoft.Network/virtualNetworks/subnets")]
"""The ARM id of a subnet."""
Identity = Annotated[ArmId, arm_id_of("Microsoft.ManagedIdentity/userAssignedIdentities")]
"""The ARM id of a user-assigned managed identity."""
Workspace = Annotated[ArmId, arm_id_of("Microsoft.OperationalInsights/workspaces")]
"""The ARM id of a Log Analytics workspace."""
