"""Rows of logs as requests: of which resource, when, and let in by a key or not."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from keyless.doctor.evidence_file import Rows, bad, moment

How = Literal["key", "sas", "otherwise"]
AI_COLUMNS = "TimeGenerated, Category, _ResourceId, properties_s"
STORAGE_COLUMNS = "TimeGenerated, AccountName, AuthenticationType, AuthenticationHash"
FIX = f"keep the columns {AI_COLUMNS} of AzureDiagnostics, or {STORAGE_COLUMNS} of StorageBlobLogs"
# The hash of what an account key signed names the key: `key1(...)`. Source: Azure Storage, AuthenticationHash.
_SIGNED_BY_KEY = re.compile(r"key[12]\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `resource` is an ARM id or the name of a storage account, in lower case."""

    resource: str
    at: datetime
    how: How


def requests_of(path: Path, rows: Rows) -> tuple[Request, ...]:
    """The requests among the rows; what is no request of an app, such as the listing of keys, is left out."""
    needed = {"TimeGenerated"}
    if "AuthenticationType" in rows.columns:
        needed |= {"AuthenticationHash"}
        read = _storage
    elif "properties_s" in rows.columns:
        needed |= {"Category"}
        read = _ai
    else:
        raise bad(path, "the rows say nothing of who was let in", FIX)
    lacking = sorted(needed - rows.columns)
    if lacking:
        raise bad(path, f"the rows lack the column {lacking[0]}", FIX)
    return tuple(request for row in rows.rows for request in read(path, row))


def _storage(path: Path, row: dict[str, Any]) -> Iterator[Request]:
    way = str(row.get("AuthenticationType")).replace(" ", "").lower()
    signature = str(row.get("AuthenticationHash") or "")
    how: How = "otherwise"
    if way == "accountkey" or _SIGNED_BY_KEY.match(signature):
        how = "key"
    elif way.startswith("sas") and not signature:
        # With a hash that names no key it is of a user delegation, which needs none.
        how = "sas"
    yield Request(_named(path, row), moment(path, row.get("TimeGenerated")), how)


def _ai(path: Path, row: dict[str, Any]) -> Iterator[Request]:
    if row.get("Category") != "RequestResponse":
        return
    try:
        given = json.loads(str(row.get("properties_s")))
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise bad(path, "a row's properties_s is no JSON object", FIX)
    how: How = "otherwise" if given.get("objectId") else "key"
    yield Request(_named(path, row), moment(path, row.get("TimeGenerated")), how)


def _named(path: Path, row: dict[str, Any]) -> str:
    for column in ("_ResourceId", "ResourceId", "AccountName"):
        value = row.get(column)
        if isinstance(value, str) and value:
            return value.lower()
    raise bad(path, "a row does not say which resource it is of", FIX)
