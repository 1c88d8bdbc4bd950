"""A file full of errors costs no more than reading it: one composition, one schema, a screen of text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from keyless import positions, source
from keyless.cli import main
from keyless.errors import MAX_A_FILE, SpecError
from keyless.finding import Finding
from keyless.masks import MAX_TOLD, masked
from tests.keyless.project import app, blob, facts, storage, write_project


def _unknown_keys(count: int) -> list[dict[str, Any]]:
    return [app(**{f"k{number}": 1 for number in range(count)})]


def _unknown_resources(count: int) -> list[dict[str, Any]]:
    return [app(uses={f"u{number}": {**blob(), "account": "nope"} for number in range(count)})]


@pytest.mark.parametrize("broken", [_unknown_keys, _unknown_resources])
def test_a_file_is_composed_once_and_a_schema_made_once_however_many_errors(
    broken: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    compose, schema = positions.compose, BaseModel.model_json_schema

    def counted(text: str) -> Any:
        calls.append("compose")
        return compose(text)

    def counted_schema(cls: type[BaseModel], *args: Any, **kwargs: Any) -> Any:
        calls.append("schema")
        return schema.__func__(cls, *args, **kwargs)  # type: ignore[attr-defined]

    monkeypatch.setattr(source, "compose", counted)
    monkeypatch.setattr(BaseModel, "model_json_schema", classmethod(counted_schema))
    root = write_project(tmp_path / "project", broken(300), facts())
    result = CliRunner().invoke(main, ["-C", str(root), "check"])
    assert result.exit_code == 2
    assert calls.count("compose") == 1
    assert calls.count("schema") <= 1


def test_a_good_project_is_not_composed_a_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(text: str) -> Any:
        raise AssertionError(text)

    monkeypatch.setattr(positions, "compose", never)
    root = write_project(tmp_path / "project", [app()], facts())
    result = CliRunner().invoke(main, ["-C", str(root), "check"])
    assert (result.exit_code, result.output) == (0, "dev: 1 app in 2 stacks, all right\n")


def test_fifty_errors_of_each_file_are_told_and_the_others_counted(tmp_path: Path) -> None:
    resources = {**facts()["resources"], **{f"r{n}": storage("x") for n in range(MAX_A_FILE + 7)}}
    root = write_project(tmp_path / "project", _unknown_keys(1_234 + MAX_A_FILE), facts(resources=resources))
    told = CliRunner().invoke(main, ["-C", str(root), "check"]).stderr
    assert told.count("[unknown-key]") == MAX_A_FILE
    assert told.count("[arm-name]") == MAX_A_FILE
    assert "apps/0.yaml: and 1,234 more [more]\n" in told
    assert "Pulumi.dev.yaml: and 7 more [more]\n" in told


def test_as_many_errors_as_are_told_leave_nothing_to_count() -> None:
    error = SpecError(*(Finding(rule="r", message=str(n), fix="f", file="a") for n in range(MAX_A_FILE)))
    assert str(error).count("\n") == 2 * MAX_A_FILE - 1
    assert "more" not in str(error)


@pytest.mark.parametrize("word", ["a", "://", "password=", "bearer ", "key ", "eyJ"])
def test_what_is_masked_is_cut_first(word: str) -> None:
    # The cost of a pattern may grow with the square of what it is given, so it is given little.
    assert len(masked(word * 200_000)) <= MAX_TOLD + len("...")
