"""What `keyless render` gives for an app, and that it never writes over what is not its own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from keyless.cli import main
from keyless.render.template import kql_string, one_line
from tests.keyless.project import app, blob, facts, write_project

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "golden" / "render"
WRITE = os.environ.get("KEYLESS_GOLDEN") == "write"
PRINCIPAL = "aaaaaaaa-0000-0000-0000-00000000000a"
OTHER = "bbbbbbbb-0000-0000-0000-00000000000b"


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(root), "render", "dev", *words])


def project(tmp_path: Path, uses: dict[str, Any] | None = None, known: dict[str, str] | None = None) -> Path:
    """checkout and its neighbour, in payments.dev; `known` are principal ids by app."""
    root = write_project(tmp_path / "project", [app(uses=uses), app("worker")], facts())
    if known is not None:
        (root / "ids").mkdir()
        apps = {name: {"client_id": OTHER, "principal_id": id_} for name, id_ in known.items()}
        text = yaml.safe_dump({"version": 1, "apps": apps})
        (root / "ids" / "payments.dev.yaml").write_text(text, encoding="utf-8")
    return root


@pytest.mark.golden
def test_the_files_of_an_app_of_every_kind() -> None:
    result = CliRunner().invoke(main, ["-C", str(ROOT), "render", "prd", "settlement"])
    assert result.exit_code == 0, result.output
    expected = GOLDEN / "prd.settlement.txt"
    if WRITE:
        expected.write_text(result.stdout, encoding="utf-8")
    assert result.stdout == expected.read_text(encoding="utf-8")


def test_principals_are_the_apps_that_the_stack_knows(tmp_path: Path) -> None:
    text = run(project(tmp_path, known={"checkout": PRINCIPAL.upper(), "worker": OTHER}), "checkout").stdout
    assert f'    "{PRINCIPAL}", "checkout",\n    "{OTHER}", "worker"\n];' in text
    assert "TO FILL" not in text


@pytest.mark.parametrize("known", [None, {"worker": OTHER}])
def test_an_unknown_principal_is_a_line_that_says_what_to_run(
    tmp_path: Path, known: dict[str, str] | None
) -> None:
    text = run(project(tmp_path, known=known), "checkout").stdout
    (line,) = (line for line in text.splitlines() if "TO FILL" in line)
    assert "pulumi stack output --json -s payments.dev | keyless ids payments.dev" in line
    assert '""' not in text.split("];")[0], "no empty value stands for the id"


def test_a_query_counts_keys_only_where_rows_can_tell(tmp_path: Path) -> None:
    uses = {
        "invoices": blob(),
        "sessions": {"kind": "redis", "cache": "sessions", "access": "write"},
        "fast": {"kind": "redis", "cache": "cache", "access": "read"},
    }
    text = run(project(tmp_path, uses), "checkout").stdout
    reads, keys = text.split("// 2. Who still uses a key")
    assert "Cannot be told for amr (Microsoft.Cache/redisEnterprise)" in reads
    assert "ACREntraAuthenticationAuditLog" in reads
    assert "ACREntraAuthenticationAuditLog\n" not in keys
    assert "Who uses a key of rdc (Microsoft.Cache/redis): rows name who signed in with Entra" in keys


def test_an_app_that_uses_nothing_has_nothing_to_render(tmp_path: Path) -> None:
    assert (
        run(project(tmp_path, {}), "checkout").stdout
        == "checkout uses nothing, so there is nothing to render\n"
    )


def test_an_unknown_app_is_told(tmp_path: Path) -> None:
    result = run(project(tmp_path), "chekout")
    assert result.exit_code == 2
    assert "there is no app 'chekout' in dev" in result.stderr


@pytest.mark.parametrize(
    "text",
    ["apps: {}", "version: 1\napps: {checkout: {client_id: x, principal_id: y}}", "version: 2\napps: {}"],
)
def test_ids_that_cannot_be_read_are_told_with_the_command_that_writes_them(
    tmp_path: Path, text: str
) -> None:
    root = project(tmp_path, known={})
    (root / "ids" / "payments.dev.yaml").write_text(text, encoding="utf-8")
    result = run(root, "checkout")
    assert result.exit_code == 2
    assert "ids/payments.dev.yaml:" in result.stderr
    assert "keyless ids payments.dev" in result.stderr


@pytest.mark.parametrize(
    ("text", "wanted"), [('a"b', '"a\\"b"'), ("a\\b", '"a\\\\b"'), ("a\nb\r", '"a\\nb\\r"')]
)
def test_text_cannot_leave_a_string_of_kql(text: str, wanted: str) -> None:
    assert kql_string(text) == wanted


def test_text_cannot_leave_a_comment() -> None:
    assert one_line("a\n| take 1") == "a | take 1"


def test_out_writes_what_is_shown_and_then_leaves_it(tmp_path: Path) -> None:
    root, out = project(tmp_path), tmp_path / "out" / "deeper"
    assert run(root, "checkout", "--out", str(out)).stdout == f"wrote {out / 'audit.kql'}\n"
    assert run(root, "checkout").stdout == "==> audit.kql <==\n" + (out / "audit.kql").read_text() + "\n"
    assert run(root, "checkout", "--out", str(out)).stdout == f"unchanged {out / 'audit.kql'}\n"


def test_out_writes_its_own_file_anew(tmp_path: Path) -> None:
    root, out = project(tmp_path), tmp_path / "out"
    run(root, "checkout", "--out", str(out))
    (root / "ids").mkdir()
    ids = {"version": 1, "apps": {"checkout": {"client_id": OTHER, "principal_id": PRINCIPAL}}}
    (root / "ids" / "payments.dev.yaml").write_text(yaml.safe_dump(ids))
    assert run(root, "checkout", "--out", str(out)).stdout == f"wrote {out / 'audit.kql'}\n"
    assert PRINCIPAL in (out / "audit.kql").read_text()


@pytest.mark.parametrize("before", ["mine\n", None])
def test_out_never_replaces_what_somebody_wrote_or_changed(tmp_path: Path, before: str | None) -> None:
    root, out = project(tmp_path), tmp_path / "out"
    if before is None:
        run(root, "checkout", "--out", str(out))
        before = (out / "audit.kql").read_text() + "// mine\n"
    out.mkdir(exist_ok=True)
    (out / "audit.kql").write_text(before)
    result = run(root, "checkout", "--out", str(out))
    assert result.exit_code == 2
    assert "audit.kql: the file is not as `keyless render` left it" in result.stderr
    assert (out / "audit.kql").read_text() == before


def test_out_says_which_file_is_no_longer_rendered(tmp_path: Path) -> None:
    root, out = project(tmp_path), tmp_path / "out"
    run(root, "checkout", "--out", str(out))
    (root / "apps" / "0.yaml").write_text(yaml.safe_dump(app(uses={})))
    assert run(root, "checkout", "--out", str(out)).stdout == (
        f"no longer rendered, remove it: {out / 'audit.kql'}\n"
    )
    assert "audit.kql" in json.loads((out / ".keyless.json").read_text())["files"]


def test_out_refuses_a_record_that_it_cannot_read(tmp_path: Path) -> None:
    root, out = project(tmp_path), tmp_path / "out"
    out.mkdir()
    (out / ".keyless.json").write_text("[]")
    result = run(root, "checkout", "--out", str(out))
    assert (result.exit_code, "record of rendered files" in result.stderr) == (2, True)


def test_out_refuses_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    root, out = project(tmp_path), tmp_path / "out"
    out.write_text("x")
    result = run(root, "checkout", "--out", str(out))
    assert (result.exit_code, "a file stands where the folder would be" in result.stderr) == (2, True)
