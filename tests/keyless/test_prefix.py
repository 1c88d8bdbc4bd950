"""A prefix becomes a condition on the grant; the stand-in's own evaluator says what it lets through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keyless.errors import PlanError
from keyless.plan import RoleAssignment
from keyless.render.plan_table import render_plan_table
from sandbox.access.blobs import WRITES, path_requests
from sandbox.access.conditions import parse
from tests.keyless.project import app, apps_of, blob, facts, planned, storage

READS = ("read", "Blob.List")
ALL = (*READS, *WRITES)
DELETE_CONTAINER = "Microsoft.Storage/storageAccounts/blobServices/containers/delete"


def granted(tmp_path: Path, **uses: dict[str, Any]) -> RoleAssignment:
    """The one grant that the uses of one app come to."""
    (grant,) = apps_of(planned(tmp_path, [app(uses=uses)]))["checkout"].grants
    assert isinstance(grant, RoleAssignment)
    return grant


def lets(grant: RoleAssignment, path: str, container: str = "invoices") -> set[str]:
    """The verbs that the condition lets through on one blob, and on a listing of its folder."""
    folder = path.rpartition("/")[0]
    requests = path_requests(container, "write", path, f"{folder}/" if folder else "")
    holds = parse(grant.condition or "'' StringEquals ''")
    return {one.sub_operation or one.action.partition("/blobs/")[2] for one in requests if holds(one)}


def test_without_a_prefix_there_is_no_condition(tmp_path: Path) -> None:
    grant = granted(tmp_path, a=blob("write"))
    assert (grant.condition, grant.only, grant.wider) == (None, None, None)


def test_a_reader_reads_and_lists_below_its_prefix_alone(tmp_path: Path) -> None:
    grant = granted(tmp_path, a=blob(prefix="2026/"))
    assert lets(grant, "2026/01/a") >= set(READS)
    for outside in ("a", "2025/a", "2026", "x/2026/a", "2026-old/a"):
        assert not lets(grant, outside) & set(READS), outside
    assert grant.only == "only below 2026/"
    assert grant.wider is None


def test_a_writer_does_nothing_outside_of_its_prefixes(tmp_path: Path) -> None:
    grant = granted(tmp_path, a=blob("write", prefix=["a/", "b/", "c/"]))
    for inside in ("a/x", "b/x", "c/d/x"):
        assert lets(grant, inside) == set(ALL)
    for outside in ("x", "d/x", "A/x"):
        assert lets(grant, outside) == set()


def test_each_verb_is_held_to_its_own_prefixes(tmp_path: Path) -> None:
    grant = granted(tmp_path, a=blob(prefix="in/"), b=blob("write", prefix="out/"))
    assert grant.role == "Storage Blob Data Contributor"
    assert lets(grant, "in/x") == set(READS)
    assert lets(grant, "out/x") == set(ALL)
    assert lets(grant, "x/x") == set()
    assert grant.only == "reads below in/, out/, writes below out/"


def test_the_whole_container_swallows_a_prefix_of_the_same_verb(tmp_path: Path) -> None:
    assert granted(tmp_path, a=blob(), b=blob(prefix="in/")).condition is None


def test_reading_everything_does_not_make_a_prefix_of_a_writer_wider(tmp_path: Path) -> None:
    grant = granted(tmp_path, a=blob(), b=blob("write", prefix="out/"))
    assert lets(grant, "x/y") == set(READS)
    assert lets(grant, "out/y") == set(ALL)
    assert grant.only == "reads everything, writes below out/"


def test_writing_everything_needs_no_condition(tmp_path: Path) -> None:
    assert granted(tmp_path, a=blob("write"), b=blob(prefix="in/")).condition is None


def test_a_prefix_below_another_one_and_the_order_change_nothing(tmp_path: Path) -> None:
    first = granted(tmp_path / "1", a=blob(prefix=["a/b/", "a/", "c/"]))
    second = granted(tmp_path / "2", b=blob(prefix="c/"), a=blob(prefix=["a/"]))
    assert first.condition == second.condition
    assert first.condition is not None and "a/b/" not in first.condition


def test_at_the_account_the_condition_names_the_container(tmp_path: Path) -> None:
    wide = {"scope": "account", "because": "made by each customer"}
    grant = granted(
        tmp_path,
        a=blob("write", prefix=["a/", "b/"], waiver=wide),
        c=blob("write", "reports", prefix="c/", waiver=wide),
    )
    assert grant.scope.endswith("/storageAccounts/storders")
    assert lets(grant, "a/x") == lets(grant, "b/x") == lets(grant, "c/x", "reports") == set(ALL)
    assert lets(grant, "c/x") == lets(grant, "a/x", "reports") == lets(grant, "a/x", "invoices2") == set()
    assert grant.wider is not None and "every container of the account" in grant.wider


def test_what_the_condition_cannot_hold_is_said(tmp_path: Path) -> None:
    grant = granted(tmp_path, a=blob("write", prefix="a/"))
    assert grant.wider is not None and "may also delete it" in grant.wider
    assert grant.condition is not None and DELETE_CONTAINER not in grant.condition


def test_the_name_of_the_grant_does_not_follow_the_prefix(tmp_path: Path) -> None:
    one, other = granted(tmp_path / "1", a=blob(prefix="a/")), granted(tmp_path / "2", a=blob(prefix="b/"))
    assert (one.logical_name, one.assignment) == (other.logical_name, other.assignment)


def test_the_table_says_it_in_words(tmp_path: Path) -> None:
    table = render_plan_table(planned(tmp_path, [app(uses={"a": blob(prefix=["a/", "b/"])})]))
    assert "read, only below a/, b/" in table


def test_a_condition_over_8_kb_is_an_error_with_its_place(tmp_path: Path) -> None:
    many = [f"{number:03}-{'x' * 40}/" for number in range(40)]
    with pytest.raises(PlanError) as caught:
        planned(tmp_path, [app(uses={"a": blob(prefix=many)})])
    (found,) = caught.value.findings
    assert (found.rule, found.key) == ("long-condition", "uses.a.prefix")
    assert "and Azure takes 8192" in found.message


@pytest.mark.parametrize(("keys", "count"), [("allowed", 1), ("forbidden", 0)])
def test_keys_beside_a_prefix_are_worth_a_warning(tmp_path: Path, keys: str, count: int) -> None:
    posture = {"keys": keys, **({"override": {"because": "new account"}} if keys == "forbidden" else {})}
    plan = planned(
        tmp_path, [app(uses={"a": blob(prefix="a/")})], facts(resources={"orders": storage(**posture)})
    )
    found = [one for one in plan.warnings if one.rule == "prefix-and-keys"]
    assert [(one.severity, one.key, one.line is not None) for one in found] == [
        ("warning", "uses.a.prefix", True)
    ] * count
