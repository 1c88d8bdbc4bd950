"""`keyless migrate`: the table that people read and the JSON that programs do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from keyless.cli import main
from tests.keyless.project import RESOURCES, app, blob, facts, workload, write_project

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden" / "road"
WRITE = os.environ.get("KEYLESS_GOLDEN") == "write"
ACCOUNT = RESOURCES["orders"]["id"]
METRIC = {
    "timespan": "2026-11-01T00:00:00Z/2026-11-15T00:00:00Z",
    "value": [
        {
            "id": f"{ACCOUNT}/providers/Microsoft.Insights/metrics/Transactions",
            "name": {"value": "Transactions"},
            "timeseries": [
                {
                    "metadatavalues": [{"name": {"value": "authentication"}, "value": "OAuth"}],
                    "data": [{"timeStamp": "2026-11-02T00:00:00Z", "total": 1204.0}],
                }
            ],
        }
    ],
}


def run(root: Path, environment: str, *words: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(root), "migrate", environment, *words])


@pytest.mark.golden
@pytest.mark.parametrize("environment", ["prd", "stg"])
def test_the_road_of_the_projects_apps(environment: str) -> None:
    result = run(ROOT, environment)
    assert (result.exit_code, result.stderr) == (0, "")
    expected = GOLDEN / f"{environment}.txt"
    if WRITE:
        expected.write_text(result.stdout, encoding="utf-8")
    assert result.stdout == expected.read_text(encoding="utf-8")


def project(root: Path, manifest: str, uses: dict[str, Any] | None = None, **orders: Any) -> Path:
    """checkout, whose one manifest is `manifest`, and the environment's resources with `orders` changed."""
    resources = {**RESOURCES, "orders": {**RESOURCES["orders"], **orders}}
    write_project(root, [app(uses=uses, workload=workload(manifests="deploy"))], facts(resources=resources))
    (root / "apps" / "deploy").mkdir()
    (root / "apps" / "deploy" / "a.yaml").write_text(manifest, encoding="utf-8")
    return root


CLEAN = "kind: Deployment\nmetadata: {name: checkout}\nspec: {template: {spec: {containers: [{name: checkout}]}}}\n"
LEAKY = CLEAN.replace(
    "{name: checkout}]", "{name: checkout, env: [{name: AZURE_STORAGE_KEY, value: c2VjcmV0}]}]"
)


def next_of(text: str, resource: str) -> str:
    """What the table says comes next for a resource."""
    lines = text.split("\nNext:\n")[1].splitlines()
    (line,) = (line for line in lines if line.split()[0] == resource)
    return line.split(maxsplit=1)[1]


def test_evidence_is_shown_with_its_window_and_counts(tmp_path: Path) -> None:
    file = tmp_path / "orders.json"
    file.write_text(json.dumps(METRIC))
    result = run(project(tmp_path / "p", CLEAN), "dev", "--evidence", str(file))
    assert result.exit_code == 0, result.output
    assert "orders     yes: no key was used in 14.0 days" in result.stdout
    told = f"2026-11-01T00:00 to 2026-11-15T00:00 UTC, metric in {file}: 0 by key, 0 by SAS, 1,204 otherwise"
    assert told in result.stdout
    assert next_of(result.stdout, "orders").startswith(
        "write keys: forbidden; it ends account and service SAS"
    )


def test_what_comes_next_follows_the_road(tmp_path: Path) -> None:
    leaky = run(project(tmp_path / "a", LEAKY), "dev").stdout
    assert next_of(leaky, "orders") == "checkout: it is given AZURE_STORAGE_KEY"
    clean = run(project(tmp_path / "b", CLEAN), "dev").stdout
    assert next_of(clean, "orders").startswith("write keys: forbidden, though no evidence says")
    refused = run(project(tmp_path / "c", LEAKY, keys="forbidden"), "dev").stdout
    assert (
        next_of(refused, "orders") == "refused, write keys: allowed: checkout: it is given AZURE_STORAGE_KEY"
    )
    done = run(project(tmp_path / "d", CLEAN, keys="forbidden"), "dev").stdout
    assert next_of(done, "orders") == "at the end of the road; keys: allowed goes back"


def test_a_key_in_the_evidence_comes_before_the_forbidding(tmp_path: Path) -> None:
    value = json.loads(json.dumps(METRIC).replace('"OAuth"', '"AccountKey"'))
    file = tmp_path / "orders.json"
    file.write_text(json.dumps(value))
    text = run(project(tmp_path / "p", CLEAN), "dev", "--evidence", str(file)).stdout
    assert next_of(text, "orders") == "find who uses the key: 1,204 requests came with a key in 14.0 days"


def test_a_left_over_is_told_once_with_every_resource_that_it_may_open(tmp_path: Path) -> None:
    resources = {**RESOURCES, "bills": {**RESOURCES["orders"], "id": ACCOUNT.replace("storders", "stbills")}}
    uses = {"invoices": blob(), "bills": {**blob(), "account": "bills"}}
    root = project(tmp_path / "p", LEAKY, uses)
    text = (root / "Pulumi.dev.yaml").read_text()
    bills = f"      bills:\n        kind: storage\n        id: {resources['bills']['id']}\n"
    (root / "Pulumi.dev.yaml").write_text(text.replace("    resources:\n", f"    resources:\n{bills}"))
    lines = [line for line in run(root, "dev").stdout.splitlines() if "apps/deploy/a.yaml:3" in line]
    assert len(lines) == 1
    assert lines[0].endswith("bills, orders")


def test_the_json_keeps_its_keys_and_no_value(tmp_path: Path) -> None:
    file = tmp_path / "orders.json"
    file.write_text(json.dumps(METRIC))
    result = run(
        project(tmp_path / "p", LEAKY), "dev", "--format", "json", "--evidence", str(file), "--days", "7"
    )
    value = json.loads(result.stdout)
    assert (value["version"], value["environment"], value["days"]) == (1, "dev", 7)
    (orders,) = (one for one in value["resources"] if one["resource"] == "orders")
    assert set(orders) == {
        "resource", "kind", "stack", "keys", "override", "keys_off_ends", "ready", "key_unused", "evidence", "apps",
    }  # fmt: skip
    assert orders["override"] is None
    assert orders["key_unused"] == {"state": "yes", "why": "no key was used in 7.0 days"}
    (checkout,) = orders["apps"]
    assert checkout["proven"]["state"] == "unknown"
    assert set(checkout) == {
        "app", "stack", "granted", "patched", "left_overs_gone", "proven", "keys_forbidden", "left_overs", "unseen", "unread",
    }  # fmt: skip
    (evidence,) = orders["evidence"]
    assert (evidence["from"], evidence["to"]) == ("2026-11-08T00:00:00+00:00", "2026-11-15T00:00:00+00:00")
    (left,) = checkout["left_overs"]
    assert (left["file"], left["line"], left["variable"]) == ("apps/deploy/a.yaml", 3, "AZURE_STORAGE_KEY")
    assert "c2VjcmV0" not in result.stdout


def test_a_vault_has_no_keys_and_is_not_on_the_road(tmp_path: Path) -> None:
    value = json.loads(run(project(tmp_path / "p", CLEAN), "dev", "--format", "json").stdout)
    assert [one["resource"] for one in value["resources"]] == [
        "agents",
        "assistant",
        "cache",
        "orders",
        "sessions",
    ]


def test_bad_evidence_is_told_of_all_files_at_once(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text("{")
    words = [word for name in ("a.json", "b.json") for word in ("--evidence", str(tmp_path / name))]
    result = run(project(tmp_path / "p", CLEAN), "dev", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("the file is not JSON [evidence]") == 2


def test_an_environment_without_keys_says_so(tmp_path: Path) -> None:
    vault = {"seal": {"kind": "keyvault", "vault": "vault", "secret": "s", "access": "read"}}
    root = write_project(tmp_path / "p", [app(uses=vault)], facts(resources={"vault": RESOURCES["vault"]}))
    assert run(root, "dev").stdout == "dev: no resource that has keys\n"
