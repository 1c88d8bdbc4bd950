"""The whole of apps/ as a golden plan, and what holds for every plan: same input, same bytes, no Pulumi."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from keyless.cli import main
from keyless.render.schemas import render_schemas
from tests.keyless.project import app, facts, write_project

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
WRITE = os.environ.get("KEYLESS_GOLDEN") == "write"


def _plan(root: Path, environment: str) -> str:
    result = CliRunner().invoke(main, ["-C", str(root), "plan", environment, "--format", "json"])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.golden
@pytest.mark.parametrize("environment", ["dev", "stg", "prd"])
def test_the_plan_of_the_projects_apps(environment: str) -> None:
    expected = GOLDEN / f"{environment}.plan.json"
    made = _plan(ROOT, environment)
    if WRITE:
        expected.write_text(made, encoding="utf-8")
    assert made == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["app.schema.json", "environment.schema.json"])
def test_the_committed_schema_is_current(name: str) -> None:
    assert (ROOT / "schema" / name).read_text(encoding="utf-8") == render_schemas()[name], "run `make docs`"


def test_no_module_of_keyless_imports_pulumi() -> None:
    program = (
        "import importlib, pkgutil, sys, keyless\n"
        "found = [m.name for m in pkgutil.walk_packages(keyless.__path__, 'keyless.') if m.name != 'keyless.__main__']\n"
        "for name in found: importlib.import_module(name)\n"
        "bad = [n for n in sys.modules if n.split('.')[0] in\n"
        "       ('pulumi', 'pulumi_azure_native', 'pulumi_kubernetes', 'grpc', 'components', 'sandbox')]\n"
        "print(len(found), bad)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    count, bad = result.stdout.strip().split(" ", 1)
    assert int(count) > 20
    assert bad == "[]"


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_bytes_do_not_depend_on_the_hash_seed(seed: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "keyless", "-C", str(ROOT), "plan", "stg", "--format", "json"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        check=True,
    )
    assert result.stdout.decode() == _plan(ROOT, "stg")


def test_bytes_do_not_depend_on_the_order_of_files_and_keys(tmp_path: Path) -> None:
    apps = [app(f"a{number}") for number in range(8)]
    first = _plan(write_project(tmp_path / "first", apps, facts()), "dev")
    random.Random(4).shuffle(apps)
    turned = [dict(reversed(spec.items())) for spec in apps]
    environment = facts(resources=dict(reversed(facts()["resources"].items())))
    second = _plan(write_project(tmp_path / "second", turned, environment), "dev")
    assert first == second
    assert len(first) > 1000
