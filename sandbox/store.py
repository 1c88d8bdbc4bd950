"""The stand-in cloud's memory: one SQLite file that every provider process of a sandbox shares."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "cloud.sqlite"
BUSY_TIMEOUT_SECONDS = 30.0

TABLES = (
    # key: the id in lower case, since ARM compares ids without case; id: as given at creation;
    # type: Microsoft.Storage/storageAccounts; body: JSON, what a GET would answer, keys sorted.
    """CREATE TABLE IF NOT EXISTS arm (
        key TEXT PRIMARY KEY, id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL)""",
    # group_kind: apps/Deployment, or /ServiceAccount for the core group; namespace: '' for what has none;
    # body: JSON without managedFields; managers: JSON {manager: {operation, fields}}.
    """CREATE TABLE IF NOT EXISTS objects (
        cluster TEXT NOT NULL, group_kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
        body TEXT NOT NULL, managers TEXT NOT NULL,
        PRIMARY KEY (cluster, group_kind, namespace, name))""",
    "CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
    # until: time.time() after which the operation that holds the key counts as lost.
    "CREATE TABLE IF NOT EXISTS busy (key TEXT PRIMARY KEY, until REAL NOT NULL)",
    # A long-running write over HTTP: done at `until` (time.time()) with `status`; till then a GET of `key` shows `before`.
    """CREATE TABLE IF NOT EXISTS operation (
        id TEXT PRIMARY KEY, key TEXT NOT NULL, until REAL NOT NULL, before TEXT NOT NULL, status TEXT NOT NULL)""",
)


def connect(folder: Path) -> sqlite3.Connection:
    """Open `folder`/cloud.sqlite, making file and tables where they are missing.

    In autocommit mode: writes that belong together go into `transaction`. A connection belongs to its thread.
    """
    folder.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(folder / FILE, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
    try:
        _prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            # The change to WAL ignores the busy timeout when two processes open a new file at once.
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    # Whatever was committed outlives a SIGKILL; only a crash of the machine could lose it.
    connection.execute("PRAGMA synchronous = OFF")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()
    if tables < len(TABLES):
        with transaction(connection):
            for statement in TABLES:
                connection.execute(statement)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """BEGIN IMMEDIATE ... COMMIT, or ROLLBACK when the block raises. Inside another one it joins that one."""
    if connection.in_transaction:
        yield connection
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def count(connection: sqlite3.Connection, name: str, step: int = 1) -> int:
    """Add `step` to the counter `name`, which starts at 0, and return its new value."""
    query = (
        "INSERT INTO counter (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value"
    )
    (value,) = connection.execute(query, (name, step)).fetchone()
    return int(value)
