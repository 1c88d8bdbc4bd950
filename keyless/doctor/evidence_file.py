"""Files of evidence as people export them: JSON of the Azure CLI or the query API, or CSV of the portal."""

import csv
import io
import json
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keyless.errors import SpecError
from keyless.finding import Finding

MAX_BYTES = 256 * 1024 * 1024
FORMS = (
    "give the JSON of `az monitor metrics list` or of `az monitor log-analytics query`, "
    "or a query's result as CSV"
)
# The portal writes the second into CSV files, in UTC.
_PORTAL_TIME = ("%m/%d/%Y, %I:%M:%S.%f %p", "%m/%d/%Y, %I:%M:%S %p")


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a query's result, by column. They may name people and addresses, so they are not shown."""

    columns: frozenset[str]
    rows: tuple[dict[str, Any], ...] = field(repr=False)


def bad(path: Path, message: str, fix: str) -> SpecError:
    """What is wrong with a file of evidence."""
    return SpecError(Finding(rule="evidence", file=str(path), message=message, fix=fix))


def read_file(path: Path) -> Rows | dict[str, Any]:
    """The rows of a query, or the JSON of metrics with its list `value`. Raises SpecError."""
    text = _text(path)
    if path.suffix.lower() == ".csv" or text.lstrip()[:1] not in ("{", "["):
        return _csv(path, text)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise bad(path, "the file is not JSON", FORMS) from None
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        raise bad(path, "the file is an error, or part of a result", "run the query again, over fewer days")
    if isinstance(value, dict) and isinstance(value.get("value"), list):
        return value
    if isinstance(value, dict) and isinstance(value.get("tables"), list):
        return _tables(path, value["tables"])
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        return Rows(frozenset(str(key) for row in value for key in row), tuple(value))
    raise bad(path, "the file holds neither metrics nor rows of a query", FORMS)


def moment(path: Path, text: object) -> datetime:
    """A time as Azure writes it, in UTC where it names no zone. Raises SpecError."""
    if isinstance(text, str):
        for form in (None, *_PORTAL_TIME):
            try:
                found = datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)
            except ValueError:
                continue
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    raise bad(path, "a row or point has no time that can be read", FORMS)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise bad(
                path,
                f"the file is larger than {MAX_BYTES // 1024 // 1024} MB",
                "export fewer columns or days",
            )
        raw = path.read_bytes()
    except OSError as error:
        raise bad(path, f"cannot read the file: {error.strerror}", "name a file that can be read") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise bad(path, "the file is not UTF-8 text", FORMS) from None
    if not text.strip():
        raise bad(path, "the file is empty", FORMS)
    return text


def _csv(path: Path, text: str) -> Rows:
    # A row's properties may be longer than the module's own limit.
    csv.field_size_limit(sys.maxsize)
    try:
        reader = csv.DictReader(io.StringIO(text), strict=True)
        # The portal writes the zone behind a column of times.
        columns = [str(name).removesuffix(" [UTC]").strip() for name in reader.fieldnames or ()]
        reader.fieldnames = columns
        rows = tuple({str(key): value for key, value in row.items() if key is not None} for row in reader)
    except csv.Error:
        raise bad(path, "the file is not CSV", FORMS) from None
    return Rows(frozenset(columns), rows)


def _tables(path: Path, tables: list[Any]) -> Rows:
    for table in tables:
        columns = table.get("columns") if isinstance(table, dict) else None
        rows = table.get("rows") if isinstance(table, dict) else None
        if isinstance(columns, list) and isinstance(rows, list):
            names = [str(one.get("name")) for one in columns if isinstance(one, dict)]
            return Rows(
                frozenset(names),
                tuple(dict(zip(names, row, strict=False)) for row in rows if isinstance(row, list)),
            )
    raise bad(path, "the file holds no table of rows", FORMS)
