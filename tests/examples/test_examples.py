"""Every example is found by its folder, says how to run it, passes `check`, and has the plan that it shows."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from keyless.cli import main
from keyless.project import environment_names

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.is_dir())
PLANS = [(example, name) for example in EXAMPLES for name in environment_names(example)]
WRITE = os.environ.get("KEYLESS_GOLDEN") == "write"

each_example = pytest.mark.parametrize("example", EXAMPLES, ids=[path.name for path in EXAMPLES])
each_plan = pytest.mark.parametrize(
    ("example", "environment"), PLANS, ids=[f"{path.name}-{name}" for path, name in PLANS]
)


def _run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def _readme(example: Path) -> str:
    return (example / "README.md").read_text(encoding="utf-8")


def _blocks(example: Path, *languages: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", _readme(example), re.MULTILINE | re.DOTALL)
    return [text for language, text in fenced if language in languages]


def _commands(example: Path) -> list[list[str]]:
    lines = [line for block in _blocks(example, "", "sh") for line in block.splitlines()]
    return [words for words in (shlex.split(line, comments=True) for line in lines) if words]


def test_there_are_examples() -> None:
    numbers = [int(path.name[:2]) for path in EXAMPLES]
    assert numbers == sorted(set(numbers))
    assert len(EXAMPLES) >= 8


@each_example
def test_an_example_passes_the_check(example: Path) -> None:
    result = _run("-C", str(example), "check")
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.golden
@each_plan
def test_an_example_has_the_plan_that_it_shows(example: Path, environment: str) -> None:
    expected = example / "expected" / f"{environment}.plan.json"
    result = _run("-C", str(example), "plan", environment, "--format", "json")
    assert result.exit_code == 0, result.output
    if WRITE:
        expected.parent.mkdir(exist_ok=True)
        expected.write_text(result.stdout, encoding="utf-8")
    assert expected.is_file(), "run `make golden`, and read what it wrote"
    assert result.stdout == expected.read_text(encoding="utf-8")


@each_example
def test_an_example_expects_nothing_of_an_environment_that_is_not_there(example: Path) -> None:
    found = {path.name for path in (example / "expected").iterdir()}
    assert found == {f"{name}.plan.json" for name in environment_names(example)}


@each_example
def test_the_commands_of_a_readme_run(example: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    commands = _commands(example)
    assert ["keyless", "-C", f"examples/{example.name}", "plan", "dev"] in commands
    for command in commands:
        assert command[0] == "keyless"
        result = _run(*command[1:])
        assert result.exit_code == 0, f"{shlex.join(command)}\n{result.output}"


@each_example
def test_the_yaml_of_a_readme_is_yaml(example: Path) -> None:
    blocks = _blocks(example, "yaml")
    assert blocks
    assert all(yaml.safe_load(block) for block in blocks)


@each_example
def test_the_list_of_examples_names_an_example(example: Path) -> None:
    listed = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
    title = _readme(example).splitlines()[0].removeprefix("# ")
    assert f"[{title}]({example.name})" in listed
