"""What a name, an id or an address may look like: at the limit it passes, one beyond it does not."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from keyless.environment import Cluster, Network
from keyless.fields import Addresses, parse_arm_id, parse_group_id
from tests.keyless.project import DATA, SUBSCRIPTION, cluster

ADDRESSES: TypeAdapter[tuple[str, ...]] = TypeAdapter(Addresses)


@pytest.mark.parametrize(
    ("type_", "unit", "shortest", "longest"),
    [
        ("Microsoft.Cache/redis", "a-", 1, 63),
        ("Microsoft.Cache/redisEnterprise", "a-", 1, 60),
        ("Microsoft.CognitiveServices/accounts", "a.", 2, 64),
        ("Microsoft.KeyVault/vaults", "a-", 3, 24),
        ("Microsoft.ManagedIdentity/userAssignedIdentities", "a_", 3, 128),
        ("Microsoft.Storage/storageAccounts", "ab", 3, 24),
    ],
)
def test_a_name_has_the_length_that_azure_takes(type_: str, unit: str, shortest: int, longest: int) -> None:
    def name(length: int) -> str:
        return (unit * length)[: length - 1] + "z"

    for length in (shortest, longest):
        assert parse_arm_id(f"{DATA}/{type_}/{name(length)}", type_).name == name(length)
    for length in (shortest - 1, longest + 1):
        if length:
            with pytest.raises(ValueError, match=f"{shortest} to {longest} characters"):
                parse_arm_id(f"{DATA}/{type_}/{name(length)}", type_)


@pytest.mark.parametrize("letter", ["é", "가", "٣"])
def test_a_letter_that_is_not_ascii_is_in_no_name_of_azure(letter: str) -> None:
    with pytest.raises(ValueError, match="not an ARM id"):
        parse_arm_id(f"{DATA}/Microsoft.CognitiveServices/accounts/oai{letter}")


def test_an_id_is_canonical_but_for_the_words_that_people_chose() -> None:
    text = "/SUBSCRIPTIONS/ABCDEF00-0000-0000-0000-000000000002/resourcegroups/RG-Data/PROVIDERS/microsoft.cache/REDIS/Hot/"
    found = parse_arm_id(text, "Microsoft.Cache/redis")
    assert found.text == (
        "/subscriptions/abcdef00-0000-0000-0000-000000000002/resourceGroups/RG-Data/providers/Microsoft.Cache/redis/Hot"
    )
    assert found.key == parse_arm_id(text.lower(), "Microsoft.Cache/redis").key


def test_the_id_of_a_group_of_zones_is_canonical_too() -> None:
    network = Network(
        subnet=f"/subscriptions/{SUBSCRIPTION}/resourceGroups/n/providers/Microsoft.Network/virtualNetworks/v/subnets/s",  # type: ignore[arg-type]
        resource_group="rg-net",
        zones="/SUBSCRIPTIONS/ABCDEF00-0000-0000-0000-000000000002/resourcegroups/RG-Dns",
    )
    assert network.zones == "/subscriptions/abcdef00-0000-0000-0000-000000000002/resourceGroups/RG-Dns"


@pytest.mark.parametrize("group", ["", "a/b", "rg.", "x" * 91])
def test_what_is_no_group(group: str) -> None:
    assert parse_group_id(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}") is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (["20.0.0.10/32"], ("20.0.0.10",)),
        (["20.0.0.10/31"], ("20.0.0.10", "20.0.0.11")),
        (["20.0.0.8/30", "20.1.0.0/16"], ("20.0.0.8/30", "20.1.0.0/16")),
        (["20.0.0.11", "20.0.0.10/31", "20.0.0.11/32"], ("20.0.0.11", "20.0.0.10")),
    ],
)
def test_small_networks_are_single_addresses_as_firewalls_want_them(
    written: list[str], read: tuple[str, ...]
) -> None:
    assert ADDRESSES.validate_python(written) == read


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0", "10.1.0.0/16", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.31.0.0/24", "192.168.1.0/24", "198.18.0.0/16",
        "203.0.113.7", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.168.0.0/16", "192.0.0.0/16", "0.0.0.0/0", "128.0.0.0/1",
        "20.0.0.0/15", "20.0.0.1/24", "20.0.0.0/255.255.255.0", "20.0.0.0/0.0.0.255", "20.0.0", "020.0.0.1", "::1", " 20.0.0.1",
    ],
)  # fmt: skip
def test_what_may_not_be_let_in(text: str) -> None:
    with pytest.raises(ValidationError):
        ADDRESSES.validate_python([text])


@pytest.mark.parametrize(
    "issuer",
    [
        "https://a/ ",
        "https://a/\n",
        "https://a\u200b/",
        "https://ä.example/",
        "https://a:99999/",
        "https://eastus.oic.prod-aks.azure.com/tenant/guid",
        "https://eastus.oic.prod-aks.azure.com/tenant",
    ],
)
def test_an_issuer_that_no_token_has(issuer: str) -> None:
    with pytest.raises(ValidationError):
        Cluster(**cluster(issuer=issuer))


def test_a_cluster_that_is_not_of_aks_may_end_its_issuer_as_it_likes() -> None:
    assert Cluster(**cluster(issuer="https://oidc.example.com:8443/x")).issuer_key
