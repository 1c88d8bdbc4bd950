"""Fault switches: read from the environment, counted across processes, and deadly on demand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox import faults
from sandbox.faults import Failure, Faults


def test_no_variable_means_no_faults(tmp_path: Path) -> None:
    found = faults.from_environment({"KEYLESS_SANDBOX": str(tmp_path)})
    assert found == Faults(tmp_path, "")
    assert found.before("any:Type") is None


def test_switches_are_read_as_documented(tmp_path: Path) -> None:
    failure = '{"code": 409, "count": 2, "type": "RoleAssignment"}'
    text = f'{{"fail": [{failure}], "delay": 0.5, "die_after": 3, "run": "r"}}'
    found = faults.from_environment({"KEYLESS_SANDBOX": str(tmp_path), "KEYLESS_SANDBOX_FAULTS": text})
    assert found == Faults(tmp_path, "r", (Failure(409, 2, "RoleAssignment"),), 0.5, 3)


@pytest.mark.parametrize("text", ["{", "[]", '{"fail": [{}]}', '{"fail": 1}', '{"delay": "soon"}'])
def test_other_text_is_a_clear_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="KEYLESS_SANDBOX_FAULTS is not the JSON"):
        faults.from_environment({"KEYLESS_SANDBOX": str(tmp_path), "KEYLESS_SANDBOX_FAULTS": text})


def test_a_count_is_shared_by_all_who_run_under_one_engine(tmp_path: Path) -> None:
    processes = [Faults(tmp_path, "run", (Failure(409, 5),)) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: one.before("any:Type"), processes * 4))
    assert sorted(answers, key=str) == [409] * 5 + [None] * 27


def test_another_run_counts_anew(tmp_path: Path) -> None:
    first, second = (Faults(tmp_path, run, (Failure(500, 1),)) for run in ("one", "two"))
    assert [first.before("t"), first.before("t"), second.before("t")] == [500, None, 500]


@pytest.mark.parametrize(
    "word", ["RoleAssignment", "roleassignment", "azure-native:authorization:RoleAssignment"]
)
def test_a_type_is_named_by_its_token_or_last_word(word: str) -> None:
    failure = Failure(409, 1, word)
    assert failure.concerns("azure-native:authorization:RoleAssignment")
    assert not failure.concerns("azure-native:authorization:ManagementLockByScope")


PROVIDER = """
import sys
from pathlib import Path
from sandbox.faults import Faults
faults = Faults(Path(sys.argv[1]), "run", die_after=2)
for number in (1, 2, 3):
    print(number, flush=True)
    faults.made()
"""
# The parent stands for the engine: it must die with its provider, and before it.
ENGINE = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1]])
time.sleep(60)
"""


def test_the_last_operation_takes_engine_and_provider_along(tmp_path: Path) -> None:
    engine = subprocess.run(
        [sys.executable, "-c", ENGINE, str(tmp_path), PROVIDER],
        capture_output=True,
        text=True,
        timeout=50,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert engine.returncode == -signal.SIGKILL
    assert engine.stdout.split() == ["1", "2"]
