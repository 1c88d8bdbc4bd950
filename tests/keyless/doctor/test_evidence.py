"""Evidence of who used a key: what a file says, over which days, and what it cannot say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from keyless.doctor.evidence import Evidence, key_use, read_evidence
from keyless.errors import SpecError
from keyless.project import load_project
from keyless.resource import Resource
from tests.keyless.project import RESOURCES, app, facts, write_project

ACCOUNT = RESOURCES["orders"]["id"]
AI = RESOURCES["assistant"]["id"]
SPAN = "2026-11-01T00:00:00Z/2026-11-15T00:00:00Z"
SECRET = "c2VjcmV0LW1hcms="


@pytest.fixture
def resources(tmp_path: Path) -> dict[str, Resource]:
    root = write_project(tmp_path / "project", [app()], facts())
    return dict(load_project(root, ("dev",)).environments["dev"].facts.resources)


def series(
    way: str | None, *totals: float, start: str = "2026-11-02T00:00:00Z", **more: Any
) -> dict[str, Any]:
    """Points a day apart."""
    begun = datetime.fromisoformat(start)
    names = [] if way is None else [{"name": {"value": "authentication"}, "value": way}]
    data = [
        {"timeStamp": (begun + timedelta(days=n)).isoformat(), "total": one} for n, one in enumerate(totals)
    ]
    return {"metadatavalues": names, "data": data, **more}


def metrics(
    *found: dict[str, Any], target: str = ACCOUNT, span: str | None = SPAN, name: str = "Transactions"
) -> Any:
    id_ = f"{target}/providers/Microsoft.Insights/metrics/{name}"
    value = {"value": [{"id": id_, "name": {"value": name}, "timeseries": list(found)}]}
    return value if span is None else {**value, "timespan": span}


def read(
    tmp_path: Path, resources: dict[str, Resource], value: Any, name: str = "e.json", days: int = 14
) -> Evidence:
    """The one finding of a file with `value`, JSON unless it is text."""
    file = tmp_path / name
    file.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    (one,) = read_evidence(file, resources, days)
    return one


def test_a_metric_without_key_is_proof_for_its_days(tmp_path: Path, resources: dict[str, Resource]) -> None:
    one = read(tmp_path, resources, metrics(series("OAuth", 5, 7), series("AccountKey", 0, 0)))
    assert (one.resource, one.source, one.days) == ("orders", "metric", 14.0)
    assert (one.by_key, one.by_sas, one.otherwise) == (0, 0, 12)
    assert (one.start, one.end) == ("2026-11-01T00:00:00+00:00", "2026-11-15T00:00:00+00:00")
    assert (one.mark.state, one.mark.why) == ("yes", "no key was used in 14.0 days")


def test_a_key_in_a_metric_is_counted(tmp_path: Path, resources: dict[str, Resource]) -> None:
    one = read(tmp_path, resources, metrics(series("AccountKey", 0, 1200), series("SAS", 3)))
    assert (one.mark.state, one.mark.why) == ("no", "1,200 requests came with a key in 14.0 days")


def test_sas_mixes_kinds_so_it_is_unknown(tmp_path: Path, resources: dict[str, Resource]) -> None:
    one = read(tmp_path, resources, metrics(series("SAS", 3), series("OAuth", 9)))
    assert one.mark.state == "unknown"
    assert "may or may not be signed with a key" in str(one.mark.why)


def test_the_account_is_known_in_any_case_and_by_its_blob_service(
    tmp_path: Path, resources: dict[str, Resource]
) -> None:
    target = f"{ACCOUNT}/blobServices/default".upper()
    assert read(tmp_path, resources, metrics(series("OAuth", 1), target=target)).resource == "orders"


def test_only_the_last_days_count_and_the_window_is_the_files_own(
    tmp_path: Path, resources: dict[str, Resource]
) -> None:
    value = metrics(series("AccountKey", 9), span="2026-10-16T00:00:00Z/2026-11-15T00:00:00Z")
    value["value"][0]["timeseries"][0] = series("AccountKey", 9, start="2026-10-20T00:00:00Z")
    assert read(tmp_path, resources, value).mark.state == "yes"
    longer = read(tmp_path, resources, value, days=30)
    assert (longer.by_key, longer.days, longer.mark.state) == (9, 30.0, "no")


def test_too_few_days_prove_nothing(tmp_path: Path, resources: dict[str, Resource]) -> None:
    value = metrics(series("OAuth", 1), span="2026-11-12T00:00:00Z/2026-11-15T00:00:00Z")
    assert read(tmp_path, resources, value).mark.why == "no key was used, but only in 3.0 of 14 days"


def test_without_a_timespan_the_points_are_the_window(tmp_path: Path, resources: dict[str, Resource]) -> None:
    one = read(tmp_path, resources, metrics(series("OAuth", *range(1, 6)), span=None))
    assert (one.start[:10], one.end[:10], one.days) == ("2026-11-02", "2026-11-06", 4.0)


def ai_rows(
    *object_ids: str | None, days: int = 14, category: str = "RequestResponse"
) -> list[dict[str, Any]]:
    """Rows from the first to the last of `days`, one for each object id."""
    step = timedelta(days=days) / max(len(object_ids) - 1, 1)
    begun = datetime.fromisoformat("2026-11-01T00:00:00+00:00")
    return [
        {
            "TimeGenerated": (begun + n * step).isoformat(),
            "Category": category,
            "_ResourceId": AI.lower(),
            "properties_s": json.dumps(
                {"modelDeploymentName": "gpt-4o"} | ({} if one is None else {"objectId": one})
            ),
        }
        for n, one in enumerate(object_ids)
    ]


def test_rows_with_object_ids_are_proof(tmp_path: Path, resources: dict[str, Resource]) -> None:
    one = read(tmp_path, resources, ai_rows("a", "b", "c"))
    assert (one.resource, one.source, one.otherwise, one.mark.state) == ("assistant", "logs", 3, "yes")


@pytest.mark.parametrize("missing", [None, ""])
def test_a_row_without_an_object_id_is_a_key(
    tmp_path: Path, resources: dict[str, Resource], missing: str | None
) -> None:
    one = read(tmp_path, resources, ai_rows("a", missing, "c"))
    assert (one.by_key, one.otherwise, one.mark.state) == (1, 2, "no")


def test_rows_of_another_category_are_no_requests(tmp_path: Path, resources: dict[str, Resource]) -> None:
    rows = [*ai_rows("a", "b"), *ai_rows(None, None, category="Audit")]
    assert read(tmp_path, resources, rows).by_key == 0


def test_the_query_apis_tables_are_read(tmp_path: Path, resources: dict[str, Resource]) -> None:
    rows = ai_rows("a", None)
    columns = [{"name": name} for name in rows[0]]
    tables = {
        "tables": [
            {"name": "PrimaryResult", "columns": columns, "rows": [list(row.values()) for row in rows]}
        ]
    }
    assert read(tmp_path, resources, tables).by_key == 1


def test_the_portals_csv_is_read(tmp_path: Path, resources: dict[str, Resource]) -> None:
    text = '\ufeff"TimeGenerated [UTC]",Category,ResourceId,"properties_s"\n'
    for day, object_id in ((1, "a"), (15, "")):
        properties = json.dumps({"objectId": object_id}).replace('"', '""')
        text += f'"11/{day}/2026, 2:18:37.123 AM",RequestResponse,{AI.upper()},"{properties}"\n'
    one = read(tmp_path, resources, text, "export.csv")
    assert (one.by_key, one.otherwise, one.start[:16]) == (1, 1, "2026-11-01T02:18")


def storage_row(way: str, signature: str, day: int) -> dict[str, Any]:
    time = f"2026-11-{day:02}T00:00:00Z"
    row = {
        "TimeGenerated": time,
        "AccountName": "storders",
        "AuthenticationType": way,
        "AuthenticationHash": signature,
    }
    return row | {"Uri": f"https://x/?sig={SECRET}"}


@pytest.mark.parametrize(
    ("way", "signature", "counts"),
    [
        ("AccountKey", "key1(AB)", (1, 0, 1)),
        ("Account Key", "", (1, 0, 1)),
        ("SAS", "key2(AB),SasSignature(CD)", (1, 0, 1)),
        ("SAS Key", "Key1(AB),SasSignature(CD)", (1, 0, 1)),
        ("SAS", "SasSignature(CD)", (0, 0, 2)),
        ("SAS", "", (0, 1, 1)),
        ("Anonymous", "", (0, 0, 2)),
    ],
)
def test_storage_rows_tell_keys_and_sas_apart(
    tmp_path: Path, resources: dict[str, Resource], way: str, signature: str, counts: tuple[int, int, int]
) -> None:
    one = read(tmp_path, resources, [storage_row("OAuth", "", 1), storage_row(way, signature, 15)])
    assert (one.by_key, one.by_sas, one.otherwise) == counts


def test_a_result_that_was_cut_off_proves_nothing(tmp_path: Path, resources: dict[str, Resource]) -> None:
    one = read(tmp_path, resources, ai_rows(*["a"] * 10_000))
    assert (one.mark.state, one.mark.why) == ("unknown", "the result was cut off at 10,000 rows")


def test_nothing_is_known_of_redis_with_and_without_files(resources: dict[str, Resource]) -> None:
    for name in ("cache", "sessions"):
        mark = key_use(resources[name], ())
        assert mark.state == "unknown"
        assert "0" not in str(mark.why), "never a share"


def test_one_key_in_one_file_outweighs_all_other_evidence(
    tmp_path: Path, resources: dict[str, Resource]
) -> None:
    clean = read(tmp_path, resources, metrics(series("OAuth", 1)))
    key = read(tmp_path, resources, [storage_row("AccountKey", "key1(A)", 1)])
    assert key_use(resources["orders"], (clean, key)).state == "no"
    assert key_use(resources["orders"], (clean,)).state == "yes"
    assert key_use(resources["orders"], ()).why == "no evidence was given"


def bad_files() -> Iterator[tuple[str, Any, str]]:
    yield "empty", "", "the file is empty"
    yield "no-json", "{", "not JSON"
    yield "deep", "[" * 200_000, "not JSON"
    yield "other-json", {"a": 1}, "neither metrics nor rows"
    yield "text", "hello\nworld\n", "say nothing of who was let in"
    yield "error", {"error": {"code": "PartialError"}}, "an error, or part of a result"
    yield "other-metric", metrics(series("OAuth", 1), name="Ingress"), "holds the metric Ingress"
    yield "no-metric", {"value": [7]}, "holds the metric something"
    yield "not-split", metrics(series(None, 1)), "not split by the dimension Authentication"
    yield (
        "no-totals",
        metrics({**series("OAuth"), "data": [{"timeStamp": "2026-11-02T00:00:00Z"}]}),
        "holds no totals",
    )
    yield (
        "no-number",
        metrics({**series("OAuth"), "data": [{"timeStamp": "2026-11-02T00:00:00Z", "total": "x"}]}),
        "no number",
    )
    yield (
        "no-time",
        metrics({**series("OAuth"), "data": [{"timeStamp": "soon", "total": 1}]}),
        "no time that can be read",
    )
    yield "no-days", metrics(span=None), "names no days"
    yield (
        "backwards",
        metrics(series("OAuth", 1), span="/".join(reversed(SPAN.split("/")))),
        "end before they begin",
    )
    yield "other-account", metrics(series("OAuth", 1), target=ACCOUNT + "x"), "has no resource"
    yield "no-rows", [], "say nothing of who was let in"
    yield "no-request", ai_rows("a", category="Audit"), "holds no request"
    yield (
        "no-category",
        [{k: v for k, v in ai_rows("a")[0].items() if k != "Category"}],
        "lack the column Category",
    )
    yield "no-properties", [{**ai_rows("a")[0], "properties_s": "x"}], "no JSON object"
    yield "no-resource", [{k: v for k, v in ai_rows("a")[0].items() if k != "_ResourceId"}], "which resource"
    yield (
        "unknown-account",
        [{**storage_row("OAuth", "", 1), "AccountName": "stother"}],
        "no resource 'stother'",
    )
    yield "tables", {"tables": [{"rows": 1}]}, "no table of rows"


@pytest.mark.parametrize(
    ("value", "told"), [row[1:] for row in bad_files()], ids=[row[0] for row in bad_files()]
)
def test_a_bad_file_is_told_with_a_fix(
    tmp_path: Path, resources: dict[str, Resource], value: Any, told: str
) -> None:
    with pytest.raises(SpecError, match=told) as error:
        read(tmp_path, resources, value)
    (finding,) = error.value.findings
    assert (finding.rule, finding.file) == ("evidence", str(tmp_path / "e.json"))
    assert finding.fix
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("name", ["none.json", "."])
def test_a_file_that_cannot_be_read_is_told(
    tmp_path: Path, resources: dict[str, Resource], name: str
) -> None:
    with pytest.raises(SpecError, match="cannot read the file"):
        read_evidence(tmp_path / name, resources)


def test_a_file_that_is_no_text_is_told(tmp_path: Path, resources: dict[str, Resource]) -> None:
    (tmp_path / "e.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SpecError, match="not UTF-8"):
        read_evidence(tmp_path / "e.json", resources)


def test_rows_before_the_last_days_do_not_count(tmp_path: Path, resources: dict[str, Resource]) -> None:
    rows = ai_rows(None, *["a"] * 30, days=30)
    assert read(tmp_path, resources, rows).mark.state == "yes"
    assert read(tmp_path, resources, rows, days=30).by_key == 1
