"""The command: what is listed, what is left when it is narrowed, what the shell offers, and what help says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from keyless.cli import main
from keyless.planner import make_plan, narrowed
from keyless.project import load_project
from keyless.render.columns import columns
from keyless.render.plan_table import render_app_table, render_plan_table
from tests.keyless.project import SUBSCRIPTION, app, apps_of, blob, facts, planned, write_project

NET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/v"
CACHE = {"kind": "redis", "cache": "cache", "access": "write"}
APPS = [
    app("checkout", uses={"invoices": blob(), "hot": CACHE}),
    app("refunds"),
    app("finder", team="search", uses={"hot": CACHE}),
    app("site", team=None, uses={}),
]


SET_ASIDE = {"because": "made with keys off"}


def _facts() -> dict[str, Any]:
    resources = dict(facts()["resources"])
    resources["orders"] = {**resources["orders"], "network": "private", "team": "payments"}
    resources["cache"] = {
        **resources["cache"],
        "network": "endpoint",
        "keys": "forbidden",
        "override": SET_ASIDE,
    }
    resources["vault"] = {**resources["vault"], "network": "private"}
    network = {"subnet": f"{NET}/subnets/endpoints", "resource_group": "rg-net", "zones": "managed"}
    return facts(resources=resources, network=network)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project of three teams' worth of apps, with endpoints and manual steps."""
    return write_project(tmp_path / "project", APPS, _facts())


def run(root: Path, *words: str) -> Result:
    """The command in the project."""
    return CliRunner().invoke(main, ["-C", str(root), *words])


def _json(root: Path, *words: str) -> Any:
    result = run(root, "plan", "dev", "--format", "json", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    return json.loads(result.stdout)


def test_stacks_are_listed_with_their_apps(root: Path) -> None:
    assert run(root, "stacks").stdout == (
        "dev           site\npayments.dev  checkout, refunds\nsearch.dev    finder\n"
    )
    assert run(root, "stacks", "--env", "dev").stdout == run(root, "stacks").stdout


def test_a_plan_narrowed_to_a_team_is_its_stack(root: Path) -> None:
    made = _json(root, "--team", "payments")
    assert (made["stacks"], [one["app"] for one in made["apps"]]) == (
        ["payments.dev"],
        ["checkout", "refunds"],
    )
    assert {one["resource"] for one in made["shared"]["private_endpoints"]} == {"orders"}


def test_a_plan_narrowed_to_an_app_keeps_what_its_resources_need_of_any_stack(root: Path) -> None:
    made = _json(root, "--app", "checkout")
    assert (made["stacks"], [one["app"] for one in made["apps"]]) == (["payments.dev"], ["checkout"])
    shared = made["shared"]
    assert {one["resource"] for one in shared["private_endpoints"]} == {"cache", "orders"}
    assert {one["resource"] for one in shared["postures"]} == {"cache", "orders"}
    assert {one["name"] for one in shared["zones"]} == {
        "privatelink.blob.core.windows.net",
        "privatelink.redis.cache.windows.net",
    }
    assert {one["resource"] for one in made["manual"]} == {"cache", "orders"}


def test_the_table_of_an_app_holds_its_endpoints_and_manual_steps(root: Path) -> None:
    told = run(root, "plan", "dev", "--app", "finder").stdout
    assert "pe-rdc-rediscache-dev" in told
    assert "Left to do by hand:\n  turn the keys of cache off" in told
    assert "orders" not in told
    assert "vault" not in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--team", "paymens"], "there is no team 'paymens' in dev [no-team]\n  fix: write one of: payments, search\n"),
        (["--app", "chekout"], "there is no app 'chekout' in dev [no-app]\n  fix: write one of: checkout, finder"),
        (["--team", "search", "--app", "checkout"], "there is no app 'checkout' in search.dev [no-app]\n  fix: write one of: finder\n"),
    ],
)  # fmt: skip
def test_a_plan_narrowed_to_nothing_is_refused(words: list[str], told: str, root: Path) -> None:
    result = run(root, "plan", "dev", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(told)


def test_json_says_zones_links_accounts_and_warnings(tmp_path: Path) -> None:
    environment = _facts()
    environment["resources"]["orders"]["consumers"] = ["payments", "nobody"]
    made = json.loads(
        run(write_project(tmp_path / "p", APPS, environment), "plan", "dev", "--format", "json").stdout
    )
    (zone,) = (one for one in made["shared"]["zones"] if one["name"] == "privatelink.vaultcore.azure.net")
    assert zone == {
        "name": "privatelink.vaultcore.azure.net",
        "id": f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/privateDnsZones/privatelink.vaultcore.azure.net",
        "stack": "dev",
        "link": "v",
        "virtual_network": NET,
    }
    (checkout,) = (one for one in made["apps"] if one["app"] == "checkout")
    assert checkout["service_accounts"] == [
        {"cluster": "aks-dev", "namespace": "payments", "name": "checkout", "managed_by": "keyless"}
    ]
    (warning,) = made["warnings"]
    assert (warning["rule"], warning["file"], warning["line"]) == ("unknown-team", "Pulumi.dev.yaml", 13)
    assert warning.keys() == {"rule", "file", "line", "column", "key", "message", "fix"}


def test_a_workload_that_is_granted_is_neither_patched_nor_rendered_yet(tmp_path: Path) -> None:
    plan = planned(tmp_path, [app(), app("other")], facts(apps={"checkout": {"stage": "granted"}}))
    (granted,), (patched,) = (apps_of(plan)[name].workloads for name in ("checkout", "other"))
    assert (granted.patched_in, granted.rendered_in, granted.granted_in) == ((), (), ("aks-dev",))
    assert (patched.patched_in, patched.rendered_in, patched.granted_in) == (("aks-dev",), (), ())
    told = render_app_table(narrowed(plan, None, "checkout").stacks[0])
    assert "RENDERED FOR  GRANTED ONLY IN\n" in told
    assert "GRANTED" not in render_app_table(narrowed(plan, None, "other").stacks[0])


def test_a_terminal_gets_lines_that_it_can_hold_and_a_pipe_gets_them_whole(tmp_path: Path) -> None:
    waiver = {"scope": "account", "because": "makes containers for every customer that signs up " * 3}
    uses = {f"invoices-{n}": blob("write", f"invoices-{n}", waiver=waiver) for n in range(9)}
    resources = {"orders": facts()["resources"]["orders"]}
    root = write_project(tmp_path / "project", [app(uses=uses)], facts(resources=resources))
    loaded = load_project(root)
    plan = make_plan(loaded.apps, loaded.environments["dev"])
    whole, narrow = render_plan_table(plan), render_plan_table(plan, 80)
    assert run(root, "plan", "dev").stdout == whole
    assert max(map(len, whole.splitlines())) > 200
    assert max(map(len, narrow.splitlines())) <= 80
    assert sorted(narrow.split()) == sorted(whole.split())


def test_a_word_that_is_wider_than_the_terminal_stays_whole() -> None:
    rows = [("A", "B"), ("a" * 60, "some words that can go over lines")]
    assert columns(rows, 40) == [
        "A" + " " * 61 + "B",
        "a" * 60 + "  some words that can go",
        " " * 62 + "over lines",
    ]


def offered(root: Path, *words: str) -> list[str]:
    """What the shell offers for the last of `words`."""
    shell = ShellComplete(main, {}, "keyless", "_KEYLESS_COMPLETE")
    return [one.value for one in shell.get_completions(["-C", str(root), *words[:-1]], words[-1])]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["plan", ""], ["dev"]),
        (["plan", "dev", "--team", ""], ["payments", "search"]),
        (["plan", "dev", "--app", ""], ["checkout", "finder", "refunds", "site"]),
        (["plan", "dev", "--app", "f"], ["finder"]),
        (["plan", "dev", "--team", "payments", "--app", ""], ["checkout", "refunds"]),
        (["stacks", "--env", "d"], ["dev"]),
        (["ids", ""], ["dev", "payments.dev", "search.dev"]),
        (["explain", "storage blob data o"], ["Storage Blob Data Owner"]),
    ],
)
def test_the_shell_offers_what_the_project_holds(words: list[str], expected: list[str], root: Path) -> None:
    assert offered(root, *words) == expected


def test_the_shell_offers_the_good_apps_of_a_broken_project(root: Path) -> None:
    (root / "apps" / "0.yaml").write_text("app: [", encoding="utf-8")
    assert offered(root, "plan", "dev", "--app", "") == ["finder", "refunds", "site"]


@pytest.mark.parametrize("words", [["plan", ""], ["plan", "dev", "--app", ""], ["ids", ""]])
def test_the_shell_offers_nothing_without_a_project(words: list[str], tmp_path: Path) -> None:
    assert offered(tmp_path, *words) == []
    assert offered(tmp_path / "nowhere", *words) == []


def test_help_cuts_no_line_that_fits_a_usual_terminal() -> None:
    told = CliRunner().invoke(main, ["--help"], terminal_width=80).stdout
    listed = told.partition("Commands:\n")[2].splitlines()
    assert len(listed) == len(main.commands)
    assert [line for line in listed if line.endswith("...")] == []


def test_a_folder_behind_the_command_is_answered_with_its_place(root: Path) -> None:
    result = CliRunner().invoke(main, ["check", "-C", str(root)])
    assert result.exit_code == 2
    assert "Error: -C stands before the command: keyless -C PROJECT COMMAND\n" in result.stderr
    other = CliRunner().invoke(main, ["check", "--chek"])
    assert (other.exit_code, "--chek" in other.stderr, "-C" in other.stderr) == (2, True, False)
