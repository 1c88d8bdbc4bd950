"""`keyless import`: what must never come out, and input that is not what it should be."""

from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from keyless.importing.reading import MAX_BYTES, read_documents
from tests.keyless.importing.pipe import MARK, SAMPLES, found, made_project, run
from tests.keyless.project import DATA


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one app."""
    return made_project(tmp_path / "project")


@pytest.mark.parametrize("format_", ["yaml", "json"])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_secret_comes_out(project: Path, name: str, format_: str) -> None:
    result = run(project, SAMPLES[name], format_=format_)
    assert result.exit_code == 0, result.output
    assert MARK.lower() not in result.output.lower()


@pytest.mark.parametrize("name", SAMPLES)
def test_no_secret_comes_out_of_broken_input(project: Path, name: str) -> None:
    whole = json.dumps(SAMPLES[name]).encode()
    ends = [end + 4 for end in range(len(whole)) if whole.startswith(MARK.encode(), end)]
    for broken in (
        *(whole[:end] for end in ends),
        *(whole[:end] + b'", ]' for end in ends),
        whole + b"!" + MARK.encode(),
    ):
        result = run(project, broken)
        assert result.exit_code == 2, broken[-40:]
        assert "standard input is not JSON: line 1, column " in result.output
        assert MARK[:4] not in result.output
        assert result.stdout == ""


def test_nothing_but_named_members_is_kept(project: Path) -> None:
    for sample in SAMPLES.values():
        kept = json.dumps(read_documents(io.BytesIO(json.dumps(sample).encode())))
        for word in ("accessKeys", "primary_access_key", "tags", "outputs", "accessPolicies", "networkAcls"):
            assert word not in kept


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "standard input is empty [empty]"),
    "blank": (b" \n\t ", "standard input is empty [empty]"),
    "a table": (b"Name    ResourceGroup\n------  -----\nx       y\n", "not JSON: line 1, column 1 [not-json]"),
    "YAML": (b"- id: x\n  type: y\n", "not JSON: line 1, column 1"),
    "half": (b'[{"id": "x"}', "not JSON: line 1, column 13"),
    "half of the second": (b"[]\n[", "not JSON: line 2, column 2"),
    "UTF-16": ("[]".encode("utf-16"), "not UTF-8 text: byte 1 [encoding]"),
    "a word": (b'"MARK"', "no resource of az, Resource Graph or Terraform [unknown-shape]"),
    "a number": (b"1", "[unknown-shape]"),
    "an object": (b"{}", "[unknown-shape]"),
    "numbers": (b"[1, [2], null]", "[unknown-shape]"),
    "outputs of a stack": (b'{"apps": {"checkout": {"client_id": "x"}}}', "[unknown-shape]"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    "a long number": (b"[" + b"9" * 1_000_000 + b"]", "[unknown-shape]"),
    "a raw state": (b'{"version": 4, "lineage": "x", "resources": []}', "raw Terraform state file [raw-state]"),
    "another format": (b'{"format_version": "2.0", "values": {}}', "[terraform-format]"),
    "a format without number": (b'{"format_version": null}', "[terraform-format]"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_a_clear_error(project: Path, name: str) -> None:
    raw, text = BAD[name]
    result = run(project, raw)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert text in result.stderr
    assert "\n  fix: " in result.stderr
    assert "Traceback" not in result.stderr
    assert "MARK" not in result.stderr


@pytest.mark.parametrize(
    "document",
    [
        {"format_version": "1.0", "values": []},
        {"format_version": "1.0", "values": {"root_module": {"resources": True, "child_modules": {"a": 1}}}},
        {"format_version": "1.0", "values": {"root_module": {"resources": [1], "child_modules": [None, 2]}}},
        {"format_version": "1.0"},
        [],
        {"data": [], "count": 0},
    ],
)
def test_nothing_found_is_said_and_no_error(project: Path, document: Any) -> None:
    result = run(project, document)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "# keyless import dev: 0 new, 0 here already, 0 without a kind\n"


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "type": "Microsoft.Storage/storageAccounts"},
        {"id": "storders", "type": "Microsoft.Storage/storageAccounts"},
        {"id": f"{DATA}/Microsoft.KeyVault/vaults/kv", "type": "Microsoft.Storage/storageAccounts"},
        {"id": "x", "type": "Microsoft.ManagedIdentity/userAssignedIdentities", "principalId": 1},
        {"id": "x", "roleDefinitionId": "y", "principalId": "z"},
        {"id": "x", "issuer": 1, "subject": 2},
        {"accessPolicyName": "x", "user": 1},
    ],
)
def test_an_object_that_is_not_what_it_says_is_counted(project: Path, row: Any) -> None:
    told = found(project, [row, SAMPLES["list"][1]])
    assert (told["unread"], [one["name"] for one in told["resources"]]) == (1, ["hot"])
    assert (
        "# Not read, since they have no id or an unknown shape: 1 object"
        in run(project, [row, SAMPLES["list"][1]]).stdout
    )


def test_a_strange_type_is_not_repeated(project: Path) -> None:
    told = found(project, [{"id": "x", "type": f"password={MARK}; drop"}])
    assert told["left"] == [{"what": "something without a type", "count": 1}]


def test_what_is_too_large_is_refused_before_it_is_read(project: Path) -> None:
    class Endless(io.RawIOBase):
        """Gives as many bytes as are asked for, and remembers how many."""

        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += size
            return b" " * size

    stream = Endless()
    with pytest.raises(Exception, match="more than 33,554,432 bytes"):
        read_documents(stream)  # type: ignore[arg-type]
    assert stream.given == MAX_BYTES + 1
    result = run(project, b"[" + b"0," * 25_000_000 + b"0]")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "[too-large]" in result.stderr


def test_memory_stays_near_the_size_of_the_input() -> None:
    row = {**SAMPLES["show"][1], "properties": {"accessKeys": {str(n): "x" * 100 for n in range(100)}}}
    raw = json.dumps([row] * 1_500).encode()
    assert 15_000_000 < len(raw) < MAX_BYTES
    stream = io.BytesIO(raw)
    tracemalloc.start()
    read_documents(stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * len(raw)
