"""Bad input as data: each case is one edit of a good project, and the whole message that `keyless check` gives."""

from __future__ import annotations

import base64
import os
import shutil
import textwrap
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from keyless.cli import main

HERE = Path(__file__).resolve().parent
CASES = sorted((HERE / "cases").glob("*/case.yaml"))
# The bad inputs that the project promises to refuse; each is the beginning of at least two cases' names.
PROMISED = (
    "unknown-key", "wrong-type", "unknown-resource", "kind-mismatch", "consumer", "duplicate-app", "same-workload",
    "same-subject", "credentials", "group-of-two-stacks", "name-azure", "name-kubernetes", "arm", "issuer",
    "environment", "resource-lacking", "alias-bomb", "alias-self", "deep", "huge", "binary", "encoding",
    "two-documents", "duplicate-key", "tag", "endpoint-without-network", "zones", "zone-overlap", "subnet-region", "keys-on-a-kind-without",
    "owner-and-patched", "unwritten-posture", "firewall-without",
    "prefix-no-slash", "prefix-leading-slash", "prefix-quote", "prefix-wildcard",
    "prefix-container", "prefix-encoded", "prefix-dots", "prefix-empty", "prefix-type", "prefix-waiver",
)  # fmt: skip


def replacement(written: Any) -> bytes:
    """The bytes of `replace`: a text, {base64: ...}, or {repeat: [before, text, times, after]}."""
    if isinstance(written, str):
        return written.encode()
    if "base64" in written:
        return base64.b64decode(written["base64"])
    before, text, times, after = written["repeat"]
    return f"{before}{text * times}{after}".encode()


def apply(edit: dict[str, Any], root: Path) -> None:
    """Copy the good project to `root` and make the one edit."""
    shutil.copytree(HERE / "good", root)
    file = root / edit["file"]
    text, find = file.read_bytes(), edit["find"].encode()
    assert text.count(find) == 1, f"{edit['find']!r} stands {text.count(find)} times in {edit['file']}"
    file.write_bytes(text.replace(find, replacement(edit["replace"])))


def run(root: Path) -> Result:
    """`keyless check` of the project."""
    return CliRunner().invoke(main, ["-C", str(root), "check"])


def _contents(root: Path) -> dict[str, tuple[int, int]]:
    return {str(p): (p.stat().st_size, p.stat().st_mtime_ns) for p in root.rglob("*") if p.is_file()}


def test_the_good_project_is_good() -> None:
    result = run(HERE / "good")
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize("kind", PROMISED)
def test_each_promise_has_two_cases(kind: str) -> None:
    assert sum(case.parent.name.startswith(f"{kind}-") for case in CASES) >= 2


@pytest.mark.golden
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.parent.name)
def test_bad_input_is_told_whole_and_writes_nothing(case: Path, tmp_path: Path) -> None:
    told = yaml.safe_load(case.read_text(encoding="utf-8"))
    root = tmp_path / "project"
    apply(told["edit"], root)
    before = _contents(root)
    result = run(root)
    if os.environ.get("KEYLESS_GOLDEN") == "write" and result.stderr != told["message"]:
        head = case.read_text(encoding="utf-8").partition("\nmessage:")[0]
        case.write_text(f"{head}\nmessage: |\n{textwrap.indent(result.stderr, '  ')}", encoding="utf-8")
        return
    assert result.stderr == told["message"]
    assert result.exit_code == 2
    assert result.stdout == ""
    assert _contents(root) == before
    shutil.rmtree(root)  # some hold 50 MB, and pytest keeps folders


@pytest.mark.parametrize("name", ["alias-bomb-lists", "alias-bomb-maps", "deep-flow", "huge-comment"])
def test_memory_stays_bounded(name: str, tmp_path: Path) -> None:
    told = yaml.safe_load((HERE / "cases" / name / "case.yaml").read_text(encoding="utf-8"))
    root = tmp_path / "project"
    apply(told["edit"], root)
    tracemalloc.start()
    result = run(root)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    shutil.rmtree(root)
    assert result.exit_code == 2
    assert peak < 40 * 1024 * 1024  # less than the largest of the files; the good project takes a few MB
