"""Every refusal of the stand-in ARM over HTTP: a bad request each, a row in `refusals.yaml`."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sandbox.azure.http.conftest import GROUP, Reply, Web, expanded

HERE = Path(__file__).parent
ROWS: list[dict[str, Any]] = yaml.safe_load((HERE / "refusals.yaml").read_text(encoding="utf-8"))
GOOD: dict[str, Any] = yaml.safe_load((HERE / "good.yaml").read_text(encoding="utf-8"))
CODE = Path(__file__).parents[4] / "sandbox" / "azure" / "http"
SUBNETS = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet/subnets"
# Raised in answer to what no single bad request brings about; each has a test of its own.
ELSEWHERE = {"OperationNotFound", "OperationFailed"}


def changed(properties: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    result = copy.deepcopy(properties)
    for path, value in row.get("set", {}).items():
        *words, last = path.split(".")
        place = result
        for word in words:
            place = place[word]
        if value is None:
            del place[last]
        else:
            place[last] = value
    if "times" in row:
        addresses = [f"20.{number // 256}.{number % 256}.0/30" for number in range(row["times"])]
        result["networkAcls"]["ipRules"] = [{"value": address} for address in addresses]
    if "subnets" in row:
        result["networkAcls"]["virtualNetworkRules"] = [{"id": f"{SUBNETS}/nodes"}] * row["subnets"]
    return result


def send(arm: Web, row: dict[str, Any]) -> Reply:
    good = expanded(GOOD[row["to"]])
    body = row.get("body", {"properties": changed(good["properties"], expanded(row))})
    return arm.send(
        good.get("method", "PATCH"),
        row.get("path", row["to"]),
        body,
        version=row.get("version", good["version"]),
        bearer=row.get("bearer", "sandbox:"),
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['to'].split('/')[1]}-{row['why']}")
def test_refuses_what_azure_refuses(arm: Web, row: dict[str, Any]) -> None:
    arm.put(*row.get("given", ()))
    before = arm.rows()
    answer = send(arm, row)
    assert (answer.status, answer.body["error"]["code"]) == (row["status"], row["error"]), answer.body
    assert row["text"] in answer.body["error"]["message"]
    assert arm.rows() == before, "what is refused leaves no trace"


@pytest.mark.parametrize("to", GOOD)
def test_takes_the_request_that_the_refused_ones_are_an_edit_away_from(arm: Web, to: str) -> None:
    answer = send(arm, {"to": to})
    assert answer.status in (200, 201, 202), answer.body


def test_every_error_code_has_a_row() -> None:
    code = re.compile(r'Refusal\(\s*\d{3},\s*"(\w+)"', re.DOTALL)
    raised = {found for path in CODE.glob("*.py") for found in code.findall(path.read_text(encoding="utf-8"))}
    assert raised - ELSEWHERE <= {row["error"] for row in ROWS}
    assert len(raised) > 20


def test_every_row_names_the_fact_behind_it() -> None:
    assert [row for row in ROWS if not row.get("facts", "").startswith(("§", "doors §"))] == []
