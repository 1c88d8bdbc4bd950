"""`keyless import`: resources that come in by pipe, and entries that come out to paste."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from keyless.catalogue.imports import imports
from keyless.project import load_environment
from keyless.registry import AnyResource
from tests.keyless.importing.pipe import SAMPLES, found, made_project, resources, run
from tests.keyless.project import DATA, RESOURCES


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one app."""
    return made_project(tmp_path / "project")


def test_every_kind_of_resource_can_come_in() -> None:
    words = imports().types.values()
    known = {kind for one in words for kinds in (one.kinds, one.skus) for kind in kinds.values() if kind}
    assert known == {
        get_args(one.model_fields["kind"].annotation)[0] for one in get_args(get_args(AnyResource)[0])
    }


def test_a_list_gives_kinds_and_says_what_must_still_be_stated(project: Path) -> None:
    entries = resources(project, SAMPLES["list"])
    assert {name: one["kind"] for name, one in entries.items()} == {
        "aif": "foundry",
        "amr": "redis-managed",
        "hot": "redis-cache",
        "kv": "keyvault",
        "oai": "openai",
        "stshoporders": "storage",
    }
    assert entries["oai"]["location"] == "swedencentral"
    assert "location" not in entries["hot"]
    assert entries["hot"]["id"] == f"{DATA}/Microsoft.Cache/redis/hot-dev"
    (host,) = entries["amr"]["notes"]
    assert host.startswith("host: must be stated: az resource show --ids ")
    assert any("its subdomain is not oai-dev" in note for note in entries["oai"]["notes"])
    assert any("enableRbacAuthorization" in note for note in entries["kv"]["notes"])


def test_what_has_no_kind_is_counted_by_what_it_is(project: Path) -> None:
    told = found(project, SAMPLES["list"])
    assert {one["what"]: one["count"] for one in told["left"]} == {
        "Microsoft.Cache/redisEnterprise of the old Enterprise tier": 1,
        "Microsoft.Cache/redisEnterprise without SKU or host, so Managed Redis or the old Enterprise tier": 1,
        "Microsoft.CognitiveServices/accounts of kind SpeechServices": 1,
        "Microsoft.Web/sites": 2,
    }
    assert told["unread"] == 0


def test_properties_give_hosts_modes_and_how_it_stands(project: Path) -> None:
    entries = resources(project, SAMPLES["show"])
    assert set(entries) == {
        "bare", "carts", "hosted", "kv-policies", "kv-roles", "kv-silent", "oai-chat", "same", "amr-shop", "stlake",
    }  # fmt: skip
    assert entries["amr-shop"]["host"] == "amr-shop-dev.koreacentral.redis.azure.net"
    assert "host" not in entries["carts"]
    assert entries["carts"]["notes"] == ["as it stands, public access is closed and keys are off"]
    assert entries["stlake"]["hierarchical_namespace"] is True
    assert entries["stlake"]["notes"][-1] == "as it stands, keys are off"
    assert entries["oai-chat"]["endpoint"] == "https://shop-chat.openai.azure.com"
    assert "endpoint" not in entries["same"]
    assert any("no custom subdomain" in note for note in entries["bare"]["notes"])
    modes = {name: entries[name].get("authorization") for name in entries if name.startswith("kv-")}
    assert modes == {"kv-policies": "access-policy", "kv-roles": None, "kv-silent": "access-policy"}


@pytest.mark.parametrize(
    "wrap", [lambda rows: {"count": len(rows), "data": rows, "skip_token": None}, lambda rows: rows]
)
def test_rows_of_resource_graph_are_like_shown_resources(project: Path, wrap: Any) -> None:
    rows = [{**row, "type": row["type"].lower()} for row in SAMPLES["show"]]
    assert resources(project, wrap(rows)) == resources(project, SAMPLES["show"])


def test_one_shown_resource_is_no_list(project: Path) -> None:
    assert list(resources(project, SAMPLES["show"][0])) == ["stlake"]


def test_a_list_and_shown_resources_together_know_more(project: Path) -> None:
    shown = {**SAMPLES["list"][2], "properties": {"hostName": "amr-dev.koreacentral.redis.azure.net"}}
    for documents in ((SAMPLES["list"], shown), (shown, SAMPLES["list"])):
        entry = resources(project, *documents)["amr"]
        assert (entry["host"], entry["notes"]) == ("amr-dev.koreacentral.redis.azure.net", [])


def test_what_terraform_manages_has_it_as_owner(project: Path) -> None:
    told = found(project, SAMPLES["state"])
    entries = {one["name"]: one for one in told["resources"]}
    assert {name: (one["kind"], one["owner"]) for name, one in entries.items()} == {
        "aif-tf": ("foundry", "terraform"),
        "amr-tf": ("redis-managed", "terraform"),
        "hidden": ("redis-cache", "terraform"),
        "kv-tf": ("keyvault", None),  # a data source: read by Terraform, made by somebody else
        "oai-tf": ("openai", "terraform"),
        "stazapi": ("storage", "terraform"),
        "sttf": ("storage", "terraform"),
    }
    assert entries["kv-tf"]["authorization"] == "access-policy"
    assert entries["amr-tf"]["host"] == "amr-tf-dev.koreacentral.redis.azure.net"
    assert entries["hidden"]["host"] is None  # marked as sensitive
    assert entries["sttf"]["notes"] == ["as it stands, public access is closed and keys are off"]
    assert entries["stazapi"]["notes"][-1] == "as it stands, public access is closed"
    assert {one["what"] for one in told["left"]} == {
        "Microsoft.Cache/redisEnterprise of the old Enterprise tier",
        "Microsoft.Web/sites",
        "azurerm_key_vault_secret",
    }


def test_a_plan_file_gives_what_stands_and_counts_what_is_to_come(project: Path) -> None:
    told = found(project, SAMPLES["plan"])
    assert [one["name"] for one in told["resources"]] == ["hot-tf"]
    assert told["resources"][0]["notes"] == []  # the state that stands, not the one that is planned
    assert told["planned"] == 1
    assert "yet to make 1 resource" in run(project, SAMPLES["plan"]).stdout


def test_terraform_owns_what_az_lists_too(project: Path) -> None:
    listed = {**SAMPLES["list"][0], "id": f"{DATA}/microsoft.storage/STORAGEACCOUNTS/sttfdev"}
    for documents in ((SAMPLES["state"], [listed]), ([listed], SAMPLES["state"])):
        assert resources(project, *documents)["sttf"]["owner"] == "terraform"


def test_what_comes_out_can_be_pasted_and_is_then_known(project: Path) -> None:
    text = run(project, SAMPLES["show"], SAMPLES["state"]).stdout
    (project / "more.yaml").write_text(text, encoding="utf-8")
    loaded = load_environment(project, "dev").facts
    assert {"amr-shop", "kv-policies", "oai-chat", "amr-tf"} <= set(loaded.resources)
    assert (loaded.resources["sttf"].owner, loaded.resources["stlake"].owner) == ("terraform", None)
    again = found(project, SAMPLES["show"], SAMPLES["state"])
    assert again["resources"] == []
    assert len(again["known"]) == len(yaml.safe_load(text)["resources"])
    assert "resources:" not in run(project, SAMPLES["show"]).stdout.splitlines()


def test_an_entry_is_recognised_in_whatever_case_its_id_is(project: Path) -> None:
    known = {**SAMPLES["list"][0], "id": RESOURCES["orders"]["id"].upper().replace("/STORDERS", "/storders")}
    told = found(project, [known])
    assert (told["resources"], [one["name"] for one in told["known"]]) == ([], ["orders"])


def storage(name: str, group: str = "rg-data") -> dict[str, Any]:
    """A listed storage account."""
    id_ = f"{DATA}/Microsoft.Storage/storageAccounts/{name}".replace("rg-data", group)
    return {"id": id_, "type": "Microsoft.Storage/storageAccounts", "kind": "StorageV2"}


def test_names_that_would_be_equal_are_told_apart_for_good(project: Path) -> None:
    alone = resources(project, [storage("storders"[2:] + "dev")])  # `orders` is taken here
    assert len(alone) == 1
    (name,) = alone
    assert name.startswith("orders-") and len(name) == len("orders-") + 8
    two = resources(project, [storage("stadev", "rg-one"), storage("stadev", "rg-two")])
    assert set(two) == set(resources(project, [storage("stadev", "rg-two"), storage("stadev", "rg-one")]))
    assert len(two) == 2 and all(one.startswith("sta-") for one in two)


@pytest.mark.parametrize(
    ("azure", "name"),
    [
        ("stshopordersdev", "stshoporders"),
        ("dev", "dev"),
        ("0815dev", "r-0815"),
        ("abcdefghijklmnopqrstuvwx", "abcdefghijklmnopqrstuvwx"),
    ],
)
def test_the_name_of_an_account_loses_the_environment_that_is_glued_on(
    project: Path, azure: str, name: str
) -> None:
    assert list(resources(project, [storage(azure)])) == [name]


@pytest.mark.parametrize(
    ("azure", "name"),
    [
        ("kv-shop-dev", "kv-shop"),
        ("KV-Dev", "kv"),
        ("dev-kv", "kv"),
        ("kvdev", "kvdev"),
        ("kv-devil", "kv-devil"),
    ],
)
def test_other_names_lose_it_as_a_word(project: Path, azure: str, name: str) -> None:
    vault = {"id": f"{DATA}/Microsoft.KeyVault/vaults/{azure}", "type": "Microsoft.KeyVault/vaults"}
    assert list(resources(project, [vault])) == [name]


@pytest.mark.parametrize("azure", ["yes", "null", "off"])
def test_a_name_that_yaml_would_misread_is_quoted(project: Path, azure: str) -> None:
    vault = {"id": f"{DATA}/Microsoft.KeyVault/vaults/{azure}", "type": "Microsoft.KeyVault/vaults"}
    assert list(yaml.safe_load(run(project, [vault]).stdout)["resources"]) == [azure]
