"""Every refusal of the stand-in Azure: a bad request over gRPC, a row each in `refusals.yaml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

ROWS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "refusals.yaml").read_text(encoding="utf-8")
)
GOOD: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "good.yaml").read_text(encoding="utf-8"))
GROUP = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg"
RULES = Path(__file__).parents[3] / "sandbox" / "azure" / "rules"


def filled(value: Any, number: int = 0) -> Any:
    """The value with `{n}` as the number and `{600}` as a run of 600 letters."""
    if isinstance(value, dict):
        return {name: filled(one, number) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, number) for one in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"{(\d+)}", lambda run: "x" * int(run[1]), value.replace("{n}", str(number)))


def prepare(azure: Any, row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Make what must be there before the bad request; the id of the good one where the row changes it, and the change."""
    principal = ""
    arm_id = "" if row.get("do", "create") == "create" else azure.make(row["type"])[0]
    for given in row.get("given", ()):
        for number in range(given.get("times", 1)):
            _, made = azure.make(given.get("type", row["type"]), **filled(given.get("change", {}), number))
            principal = made.get("principalId") or principal
    assignments = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments"
    azure.put(*({"id": f"{assignments}/{number}"} for number in range(row.get("assignments", 0))))
    change = filled(row.get("change", {}))
    named = {name: principal if value == "{principal}" else value for name, value in change.items()}
    return arm_id, named


def refused(azure: Any, row: dict[str, Any], arm_id: str, change: dict[str, Any]) -> str:
    """The text of the refusal; fails where the request is accepted."""
    kind, inputs = row["type"], azure.inputs(row["type"], change)
    with pytest.raises(grpc.RpcError) as error:
        if row.get("do", "create") == "create":
            azure.create(kind, inputs)
        elif row["do"] == "update":
            azure.update(kind, arm_id, inputs)
        else:
            azure.delete(kind, arm_id)
    return str(error.value.details())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['type'].rpartition(':')[2]}-{row['why']}")
def test_refuses_what_azure_refuses(azure: Any, row: dict[str, Any]) -> None:
    arm_id, change = prepare(azure, row)
    before = azure.rows()
    text = refused(azure, row, arm_id, change)
    assert text.startswith(f'Status={row["status"]} Code="{row["error"]}" Message="'), text
    assert row["text"] in text
    assert azure.rows() == before, "what is refused leaves no trace"


@pytest.mark.parametrize("kind", GOOD)
def test_accepts_the_request_that_the_refused_ones_are_an_edit_away_from(azure: Any, kind: str) -> None:
    before = azure.rows()
    arm_id, outputs = azure.make(kind)
    assert outputs["name"] == arm_id.rpartition("/")[2]
    azure.delete(kind, arm_id)
    assert azure.rows() == before, "what is deleted leaves no trace"


def test_every_error_code_in_the_rules_has_a_row() -> None:
    code = re.compile(r'Refusal\(\s*\d{3},\s*"(\w+)"', re.DOTALL)
    raised = {
        found for path in RULES.glob("*.py") for found in code.findall(path.read_text(encoding="utf-8"))
    }
    assert raised <= {row["error"] for row in ROWS}
    assert len(raised) > 20


def test_every_row_names_the_fact_behind_it() -> None:
    assert [row for row in ROWS if not row.get("facts", "").startswith(("§", "doors §"))] == []


def test_an_identity_of_the_world_needs_no_principal_type(azure: Any) -> None:
    """The directory has known it for long."""
    azure.make("authorization:RoleAssignment", principalType=None)


@pytest.mark.parametrize("kind", GOOD)
def test_refuses_to_create_what_exists(azure: Any, kind: str) -> None:
    arm_id, _ = azure.make(kind)
    with pytest.raises(grpc.RpcError) as error:
        azure.make(kind)
    assert error.value.details() == f"cannot create already existing resource '{arm_id}'"


def test_refuses_a_type_that_it_does_not_know_and_names_those_it_knows(azure: Any) -> None:
    with pytest.raises(grpc.RpcError) as error:
        azure.create("storage:StorageAccount", {})
    assert "does not know azure-native:storage:StorageAccount" in str(error.value.details())
    assert "azure-native:network:PrivateEndpoint" in str(error.value.details())
