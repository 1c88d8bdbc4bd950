"""Who still used a key, by what people export: metrics of a storage account, rows of logs. Reads files, and no clock.

The days that a file covers are taken from the file. What it cannot say is `unknown`, never zero.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from keyless.doctor.evidence_file import Rows, bad, moment, read_file
from keyless.doctor.evidence_rows import Request, requests_of
from keyless.doctor.road import Mark
from keyless.errors import SpecError
from keyless.finding import Finding
from keyless.resource import Resource

DAYS = 14
METRIC = "Transactions"
# A result with exactly so many rows was cut off. Source: Azure Monitor, service limits of log queries, read 2026-11.
LIMITS = (10_000, 30_000, 500_000)
HOW = (
    "az monitor metrics list --resource <id> --metric Transactions --dimension Authentication "
    "--aggregation Total --interval PT1H --start-time <from> --end-time <to>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one file says of one resource in its days: requests let in by a key, by a SAS that may be of a key, otherwise.

    `start` and `end` are ISO times of the days that count, `days` how many these are. `mark` is yes where no key was used.
    """

    resource: str
    file: str
    source: Literal["metric", "logs"]
    start: str
    end: str
    days: float
    by_key: int
    by_sas: int
    otherwise: int
    mark: Mark


@dataclass(slots=True)
class _Counts:
    by_key: int = 0
    by_sas: int = 0
    otherwise: int = 0

    def add(self, how: str, number: int) -> None:
        if how == "key":
            self.by_key += number
        elif how == "sas":
            self.by_sas += number
        else:
            self.otherwise += number


def read_evidence(path: Path, resources: Mapping[str, Resource], days: int = DAYS) -> tuple[Evidence, ...]:
    """What the file at `path` says of `resources`, by name; only its last `days` days count. Raises SpecError."""
    content = read_file(path)
    by_key = {resource.id.key: name for name, resource in resources.items()}
    if isinstance(content, Rows):
        return tuple(_from_rows(path, content, by_key, days))
    return tuple(_from_metrics(path, content, by_key, days))


def read_all(
    paths: Iterable[Path], resources: Mapping[str, Resource], days: int = DAYS
) -> dict[str, tuple[Evidence, ...]]:
    """What all files say, by resource. Raises SpecError with what is wrong in any of them."""
    found: dict[str, tuple[Evidence, ...]] = {}
    wrong: list[Finding] = []
    for path in paths:
        try:
            for one in read_evidence(path, resources, days):
                found[one.resource] = (*found.get(one.resource, ()), one)
        except SpecError as error:
            wrong.extend(error.findings)
    if wrong:
        raise SpecError(*wrong)
    return found


def key_use(resource: Resource, found: Iterable[Evidence]) -> Mark:
    """Whether the keys of a resource were out of use, by all evidence together."""
    marks = [one.mark for one in found]
    for state in ("no", "unknown", "yes"):
        for mark in marks:
            if mark.state == state:
                return mark
    if resource.facts.audit.by_key is None:
        return Mark("unknown", resource.facts.audit.answers)
    return Mark("unknown", "no evidence was given")


def _from_metrics(
    path: Path, content: dict[str, Any], by_key: Mapping[str, str], days: int
) -> Iterator[Evidence]:
    for metric in content["value"]:
        name = metric.get("name") if isinstance(metric, dict) else None
        if not isinstance(name, dict) or name.get("value") != METRIC:
            shown = name.get("value") if isinstance(name, dict) else "something"
            raise bad(path, f"the file holds the metric {shown}, and only {METRIC} tells keys apart", HOW)
        target = str(metric.get("id")).lower().partition("/providers/microsoft.insights/")[0]
        resource = _resource(path, target, by_key)
        series = metric.get("timeseries")
        points = (
            [point for one in series if isinstance(one, dict) for point in _points(path, one)]
            if series
            else []
        )
        start, end = _timespan(path, content, [at for at, _, _ in points])
        counts, first = _Counts(), max(start, end - timedelta(days=days))
        for at, how, number in points:
            if at >= first:
                counts.add(how, number)
        yield _evidence(path, resource, "metric", first, end, counts, days, None)


def _points(path: Path, series: dict[str, Any]) -> Iterator[tuple[datetime, str, int]]:
    """Time, way in and number of requests of each point of a series."""
    ways = [
        one.get("value")
        for one in series.get("metadatavalues") or ()
        if isinstance(one, dict) and str((one.get("name") or {}).get("value")).lower() == "authentication"
    ]
    if not ways:
        raise bad(path, "the metric is not split by the dimension Authentication", HOW)
    how = {"accountkey": "key", "sas": "sas"}.get(str(ways[0]).lower(), "otherwise")
    data = [one for one in series.get("data") or () if isinstance(one, dict)]
    if data and not any("total" in one for one in data):
        raise bad(path, "the metric holds no totals", HOW)
    for one in data:
        total = one.get("total") or 0
        if not isinstance(total, (int, float)) or total < 0:
            raise bad(path, "a total is no number of requests", HOW)
        yield moment(path, one.get("timeStamp")), how, round(total)


def _timespan(path: Path, content: dict[str, Any], times: list[datetime]) -> tuple[datetime, datetime]:
    stated = content.get("timespan")
    if isinstance(stated, str) and stated.count("/") == 1:
        start, end = (moment(path, one) for one in stated.split("/"))
    elif times:
        start, end = min(times), max(times)
    else:
        raise bad(path, "the file names no days: neither a timespan nor a point", HOW)
    if end < start:
        raise bad(path, "the file's days end before they begin", HOW)
    return start, end


def _from_rows(path: Path, rows: Rows, by_key: Mapping[str, str], days: int) -> Iterator[Evidence]:
    requests = requests_of(path, rows)
    if not requests:
        fix = "export rows of every request, not of keys alone: then no key among them means something"
        raise bad(
            path, "the file holds no request, so it says neither of which resource nor of which days", fix
        )
    start, end = min(one.at for one in requests), max(one.at for one in requests)
    cut = next((limit for limit in LIMITS if len(rows.rows) == limit), None)
    first = max(start, end - timedelta(days=days))
    found: dict[str, _Counts] = {}
    for request in requests:
        counts = found.setdefault(_of_request(path, request, by_key), _Counts())
        if request.at >= first:
            counts.add(request.how, 1)
    for resource, counts in sorted(found.items()):
        yield _evidence(path, resource, "logs", first, end, counts, days, cut)


def _of_request(path: Path, request: Request, by_key: Mapping[str, str]) -> str:
    if request.resource.startswith("/"):
        return _resource(path, request.resource, by_key)
    for key, name in by_key.items():
        if key.endswith(f"/storageaccounts/{request.resource}"):
            return name
    raise _unknown(path, request.resource)


def _resource(path: Path, target: str, by_key: Mapping[str, str]) -> str:
    # "", subscriptions, S, resourceGroups, G, providers, Namespace, type, name, and the service below it.
    name = by_key.get("/".join(target.split("/")[:9]))
    if name is None:
        raise _unknown(path, target)
    return name


def _unknown(path: Path, target: str) -> Exception:
    fix = "export it of a resource that the environment names, or name that resource"
    return bad(path, f"the environment has no resource '{target[:200]}'", fix)


def _evidence(
    path: Path,
    resource: str,
    source: Literal["metric", "logs"],
    start: datetime,
    end: datetime,
    counts: _Counts,
    wanted: int,
    cut: int | None,
) -> Evidence:
    days = round((end - start).total_seconds() / 86_400, 1)
    return Evidence(
        resource=resource,
        file=str(path),
        source=source,
        start=start.isoformat(),
        end=end.isoformat(),
        days=days,
        by_key=counts.by_key,
        by_sas=counts.by_sas,
        otherwise=counts.otherwise,
        mark=_mark(counts, days, wanted, cut),
    )


def _mark(counts: _Counts, days: float, wanted: int, cut: int | None) -> Mark:
    if counts.by_key:
        return Mark("no", f"{counts.by_key:,} requests came with a key in {days} days")
    if counts.by_sas:
        return Mark(
            "unknown", f"{counts.by_sas:,} came with a SAS, which may or may not be signed with a key"
        )
    if cut is not None:
        return Mark("unknown", f"the result was cut off at {cut:,} rows")
    # The first and last request of a whole window stand a little inside it.
    if days < wanted - 1:
        return Mark("unknown", f"no key was used, but only in {days} of {wanted} days")
    return Mark("yes", f"no key was used in {days} days")
