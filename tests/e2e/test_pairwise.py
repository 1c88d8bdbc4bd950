"""Every pair of kind, network, management, keys, zones and delivery, on the real engine, judged by what `can` answers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.places import ROOT, Place

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-00000000000d"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-data/providers"
NETWORK = f"{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vnet"
ISSUER = "https://koreacentral.oic.prod-aks.azure.com/00000000-0000-0000-0000-000000000001/00000000-0000-0000-0000-0000000000{}/"
KINDS = ("storage", "lake", "redis-cache", "redis-managed", "openai", "foundry", "keyvault")
AXES: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "network": ("public", "firewall", "endpoint", "private"),
    "management": ("referenced", "patched"),
    "keys": ("allowed", "forbidden"),
    "zones": ("managed", "group", "policy"),
    "delivery": ("patch", "gitops"),
}
Row = dict[str, str]


def possible(row: Row) -> bool:
    """Not what Keyless refuses, and not what only an Azure Policy of the platform could bring about."""
    return not (
        (row["kind"] == "redis-managed" and row["network"] == "firewall")
        or (row["kind"] == "keyvault" and row["keys"] == "forbidden")
        or (row["zones"] == "policy" and row["network"] == "private" and row["management"] == "patched")
    )


def pairwise() -> list[Row]:
    """Rows in which every pair of words of two axes stands that may stand together; always the same."""
    rows = [
        row
        for row in (dict(zip(AXES, words, strict=True)) for words in product(*AXES.values()))
        if possible(row)
    ]
    wanted = {pair for row in rows for pair in pairs(row)}
    found: list[Row] = []
    while wanted:
        best = max(rows, key=lambda row: len(wanted & set(pairs(row))))
        found.append(best)
        wanted -= set(pairs(best))
    return found


def pairs(row: Row) -> Iterator[tuple[tuple[str, str], ...]]:
    return combinations(row.items(), 2)


ROWS = pairwise()


def resource(number: int, row: Row) -> dict[str, Any]:
    """The entry of a row."""
    types = {
        "storage": "Microsoft.Storage/storageAccounts",
        "lake": "Microsoft.Storage/storageAccounts",
        "redis-cache": "Microsoft.Cache/redis",
        "redis-managed": "Microsoft.Cache/redisEnterprise",
        "openai": "Microsoft.CognitiveServices/accounts",
        "foundry": "Microsoft.CognitiveServices/accounts",
        "keyvault": "Microsoft.KeyVault/vaults",
    }
    kind = row["kind"]
    entry: dict[str, Any] = {
        "kind": "storage" if kind == "lake" else kind,
        "id": f"{GROUP}/{types[kind]}/shop{number}",
        "network": row["network"],
        "management": row["management"],
    }
    if kind == "lake":
        entry["hierarchical_namespace"] = True
    if kind == "redis-managed":
        entry["host"] = f"shop{number}.koreacentral.redis.azure.net"
    if kind != "keyvault":
        entry["keys"] = row["keys"]
    return entry


def use(name: str, row: Row) -> dict[str, str]:
    """A use of a row's resource."""
    match row["kind"]:
        case "storage" | "lake":
            return {"kind": "blob", "account": name, "container": "files", "access": "read"}
        case "redis-cache" | "redis-managed":
            return {"kind": "redis", "cache": name, "access": "write"}
        case "keyvault":
            return {"kind": "keyvault", "vault": name, "secret": "psp", "access": "read"}
        case _:
            return {"kind": "openai", "account": name, "deployment": "gpt-4o", "access": "use"}


def write(project: Path, zones: str, rows: dict[str, Row]) -> None:
    """A project of two apps: one in a cluster that is patched, one in a cluster that Git delivers to."""
    for name in ("__main__.py", "components", "keyless"):
        (project / name).symlink_to(ROOT / name)
    clusters = [
        {
            "name": f"aks-{delivery}",
            "context": f"aks-{delivery}",
            "issuer": ISSUER.format(tail),
            "delivery": delivery,
            "egress": [f"20.0.0.{tail[1]}"],
            "subnets": [f"{NETWORK}/subnets/{delivery}"],
        }
        for delivery, tail in (("patch", "a1"), ("gitops", "a2"))
    ]
    group = f"{SUBSCRIPTION}/resourceGroups/rg-dns"
    facts = {
        "tenant": "00000000-0000-0000-0000-000000000001",
        "subscription": SUBSCRIPTION.rpartition("/")[2],
        "location": "koreacentral",
        "identities": {"resource_group": "rg-identities"},
        "clusters": clusters,
        "network": {
            "subnet": f"{NETWORK}/subnets/endpoints",
            "resource_group": "rg-net",
            "zones": group if zones == "group" else zones,
        },
        "resources": {name: resource(int(name[1:]), row) for name, row in rows.items()},
        "apps": {f"app-{one}": {"clusters": [f"aks-{one}"]} for one in ("patch", "gitops")},
    }
    (project / "Pulumi.yaml").write_text("name: pairs\nruntime: python\nmain: .\n")
    (project / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"keyless:environment": facts}}))
    for delivery in ("patch", "gitops"):
        name = f"app-{delivery}"
        (project / "apps" / "deploy").mkdir(parents=True, exist_ok=True)
        workload = {
            "kind": "Deployment",
            "namespace": "shop",
            "name": name,
            "manifests": f"deploy/{name}.yaml",
        }
        uses = {one: use(one, row) for one, row in rows.items() if row["delivery"] == delivery}
        spec = {"app": name, "workload": workload, "uses": uses}
        (project / "apps" / f"{name}.yaml").write_text(yaml.safe_dump(spec))
        labels = {"app": name, "azure.workload.identity/use": "true"}
        pod = {"serviceAccountName": name, "containers": [{"name": name, "image": "x:1"}]}
        template = {"metadata": {"labels": labels}, "spec": pod}
        manifest = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": {"app": name}}, "template": template},
        }
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}
        objects = [manifest, account] if delivery == "gitops" else [manifest]
        (project / "apps" / "deploy" / f"{name}.yaml").write_text(yaml.safe_dump_all(objects))


def opens(row: Row, place: str) -> bool:
    """Whether a leaked key must still open the resource: only what is `patched` was closed."""
    patched = row["management"] == "patched"
    if row["kind"] == "keyvault" or (patched and row["keys"] == "forbidden"):
        return False
    return place != "internet" or not patched or row["network"] in ("public", "endpoint")


def test_every_pair_stands_in_some_row():
    assert 20 < len(ROWS) < 60
    assert all(possible(row) for row in ROWS)


@pytest.mark.parametrize("zones", AXES["zones"])
def test_postures_do_what_they_say(zones: str, tmp_path: Path):
    rows = {f"r{number}": row for number, row in enumerate(ROWS) if row["zones"] == zones}
    project = tmp_path / "pairs"
    project.mkdir()
    write(project, zones, rows)
    place = Place(project, tmp_path / "sandbox")
    place.up("dev")
    place.up("dev", "--expect-no-changes")
    place.ok("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", "dev")
    told = {tuple(line.split()[:2]): line for line in place.run("can").stdout.splitlines()}
    for name, row in rows.items():
        line = told[(f"app-{row['delivery']}", name)]
        if row["delivery"] == "patch":
            assert "  yes  " in line, (row, line)
        else:  # Git has not brought the client id yet: that, and no door, is what is missing.
            assert "client id" in line or "gitops" in line, (row, line)
        for where in ("internet", "aks-patch"):
            answer = place.run("can", "--key", name, "--from", where)
            assert (answer.returncode == 0) == opens(row, where), (row, where, answer.stdout)
    place.destroy("dev")
    for name, row in rows.items():
        if row["management"] == "patched" and row["network"] in ("firewall", "private"):
            assert place.run("can", "--key", name, "--from", "internet").returncode == 1, row
