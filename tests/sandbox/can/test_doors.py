"""What a posture does, told by who gets in: apps by their identity, and whoever holds a leaked key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from sandbox import keys
from sandbox.__main__ import main
from sandbox.errors import SandboxError
from sandbox.verdict import Verdict
from tests.support.shop import Place

DOORS: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("doors.yaml").read_text(encoding="utf-8")
)


def agrees(verdict: Verdict, expected: str) -> bool:
    """Whether the answer is `yes`, or a no for the expected cause."""
    if expected == "yes":
        return verdict.allowed and not any(reason.startswith("no") for reason in verdict.reasons)
    return not verdict.allowed and expected in verdict.summary


@pytest.mark.parametrize("row", DOORS, ids=lambda row: row["case"])
def test_a_posture_lets_in_whom_it_should(tmp_path: Path, row: dict[str, Any]) -> None:
    here = Place(tmp_path, tuple(row.get("change", {}).items()))
    for use, expected in row.get("may", {}).items():
        verdict = here.may(use)
        assert agrees(verdict, expected), (use, expected, verdict)
    for resource, places in row.get("opens", {}).items():
        for place, expected in places.items():
            verdict = here.opens(resource, place)
            assert agrees(verdict, expected), (resource, place, expected, verdict)


def test_a_cluster_of_another_network_is_judged_by_its_own(tmp_path: Path) -> None:
    other = {
        "name": "two",
        "context": "ctx-two",
        "issuer": "https://issuer/two/",
        "subnets": [
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/far/subnets/n"
        ],
    }
    here = Place(
        tmp_path,
        (
            ("azure.account.properties.publicNetworkAccess", "Disabled"),
            ("environment.clusters", [{"name": "one", "context": "ctx-one", "issuer": "i"}, other]),
        ),
    )
    assert here.opens("orders", "one").allowed
    assert "is not linked to far" in here.opens("orders", "two").summary


def test_every_key_and_place_comes_as_a_table(tmp_path: Path) -> None:
    here = Place(tmp_path, (("azure.account.properties.allowSharedKeyAccess", False),))
    rows = keys.opens_all(here.folder, here.project, "dev")
    assert [(row.resource, row.place) for row in rows] == [
        (resource, place)
        for resource in ("assistant", "carts", "orders", "sessions", "vault")
        for place in ("internet", "one")
    ]
    lines = keys.render(rows).splitlines()
    assert lines[0].split() == ["KEY", "OF", "KIND", "FROM", "OPENS", "WHY"]
    assert lines[1] == "assistant  openai         internet  yes    the key is on; open network"
    assert lines[5].endswith("no     storders takes no account key: allowSharedKeyAccess is false")


@pytest.mark.parametrize(
    ("resource", "place", "text"),
    [
        ("none", "internet", "no resource 'none'\n  fix: name one of: assistant, carts, orders"),
        ("orders", "moon", "no cluster 'moon'\n  fix: --from with one of: internet, one"),
    ],
)
def test_unknown_resources_and_places_are_clear_errors(
    tmp_path: Path, resource: str, place: str, text: str
) -> None:
    with pytest.raises(SandboxError) as error:
        Place(tmp_path, ()).opens(resource, place)
    assert text in str(error.value)


def ask(here: Place, *words: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str]:
    """The exit code and output of `python -m sandbox can`."""
    monkeypatch.setenv("KEYLESS_SANDBOX", str(here.folder))
    monkeypatch.setattr("sandbox.world.open_cloud", lambda project, folder: None)
    result = CliRunner().invoke(main, ["-C", str(here.project), "can", *words])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("--key", "orders"), 0, "yes\n  yes  storders takes its account keys"),
        (("--key", "vault"), 1, "no\n  no   kv has no access key to leak"),
        (("--key", "orders", "--from", "one"), 0, "yes  private endpoint pe-orders leads to storders"),
        (("--keys",), 0, "KEY OF"),
        (("checkout", "invoices", "--key", "orders"), 2, "go without APP and USE"),
        (("checkout", "invoices", "--from", "one"), 2, "goes with --key"),
    ],
)
def test_the_command_answers_for_a_key_s_holder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], code: int, text: str
) -> None:
    exit_code, output = ask(Place(tmp_path, ()), *words, monkeypatch=monkeypatch)
    assert (exit_code, text in output) == (code, True), output
