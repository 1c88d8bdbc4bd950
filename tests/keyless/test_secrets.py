"""No error repeats what somebody pasted by mistake, wherever it stands and however it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from keyless.cli import main
from keyless.masks import masked, told
from tests.keyless.project import DATA, account, app, blob, cluster, facts, workload, write_project

PASTED = [
    "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=PLANTED1PLANTED2==;EndpointSuffix=core.windows.net",
    '{"AccountKey": "PLANTED1"}',
    "password: PLANTED1",
    'AccountKey="PLANTED1 PLANTED2"',
    "Password=PLANTED1 PLANTED2;",
    "Bearer eyJ0PLANTED1.abc.PLANTED2",
    "https://user:PLANTED1@PLANTED2/x@host/",
    "rediss://:PLANTED1@amr:10000",
    "amr:10000,password=PLANTED1,ssl=True",
    "https://x.blob.core.windows.net/?sv=1&sig=PLANTED1%3D",
    "SharedAccessSignature=sv=2020&sr=c&sig=PLANTED1;X=1",
    "Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=PLANTED1/PLANTED2=",
]
RESOURCES = facts()["resources"]


def _resource(name: str, **changes: Any) -> dict[str, Any]:
    return facts(resources={**RESOURCES, name: {**RESOURCES.get(name, {}), **changes}})


def _places(text: str) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """An app and an environment for each place where `text` may stand by mistake."""
    network = {"subnet": text, "resource_group": text, "zones": text}
    return {
        "id": (app(), _resource("orders", id=text)),
        "id, as a mapping": (app(), _resource("orders", id={text: text})),
        "id, its last word": (app(), _resource("orders", id=f"{DATA}/Microsoft.Storage/storageAccounts/{text}")),
        "host": (app(), _resource("sessions", host=text)),
        "endpoint": (app(), facts(resources={"a": account("openai", "oai", endpoint=text)})),
        "a resource": (app(), facts(resources={"orders": text})),
        "a key of a resource": (app(), _resource("orders", **{text: "x"})),
        "the name of a resource": (app(), _resource(text)),
        "issuer": (app(), facts(clusters=[cluster(issuer=text)])),
        "egress": (app(), facts(clusters=[cluster(egress=[text])])),
        "network": (app(), facts(network=network)),
        "location": (app(), facts(location=text)),
        "identities": (app(), facts(identities={"resource_group": text})),
        "include": (app(), facts(include=[text])),
        "the name of an app here": (app(), facts(apps={text: {}})),
        "identity": (app(), facts(apps={"checkout": {"identity": text}})),
        "app": (app(text), facts()),
        "a key of an app": (app(**{text: "x"}), facts()),
        "a use": (app(uses={"a": text}), facts()),
        "the name of a use": (app(uses={text: blob()}), facts()),
        "container": (app(uses={"a": blob(container=text)}), facts()),
        "access": (app(uses={"a": blob(access=text)}), facts()),
        "waiver": (app(uses={"a": blob(waiver={"role": text, "because": "abc"})}), facts()),
        "manifests": (app(workload=workload(manifests=text)), facts()),
        "service account": (app(workload=workload(service_account=text)), facts()),
    }  # fmt: skip


@pytest.mark.parametrize("place", _places(""))
def test_what_is_pasted_is_never_repeated(place: str, tmp_path: Path) -> None:
    for number, text in enumerate(PASTED):
        spec, environment = _places(text)[place]
        root = write_project(tmp_path / str(number), [spec], environment)
        for words in (
            ["check"],
            ["plan", "dev"],
            ["stacks"],
            ["plan", "dev", "--app", text],
            ["explain", text],
        ):
            result = CliRunner().invoke(main, ["-C", str(root), *words])
            assert result.exit_code == 2 or words != ["check"], (text, result.output)
            assert "PLANTED" not in result.output, (text, words)


@pytest.mark.parametrize("text", [*PASTED, "PLANTED1"])
def test_a_file_that_is_one_text_is_not_repeated(text: str, tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", [], facts())
    (root / "apps" / "a.yaml").write_text(f"|\n  {text}\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["-C", str(root), "check"])
    assert result.exit_code == 2
    assert result.stderr.startswith("apps/a.yaml:1:1: a text stands here, and a mapping is wanted")
    assert "PLANTED" not in result.stderr


@pytest.mark.parametrize("text", PASTED)
def test_a_key_written_twice_is_not_repeated(text: str, tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", [], facts())
    quoted = text.replace("'", "''")
    (root / "apps" / "a.yaml").write_text(f"'{quoted}': 1\n'{quoted}': 2\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["-C", str(root), "check"])
    assert "[duplicate-key]" in result.stderr
    assert "PLANTED" not in result.stderr


@pytest.mark.parametrize("text", PASTED)
def test_masking_twice_changes_nothing(text: str) -> None:
    assert masked(masked(f"'{text}' is wrong")) == masked(f"'{text}' is wrong")


@pytest.mark.parametrize(
    "text",
    [
        "the key `secret` is missing",
        "write `key: ...`",
        "write keys: forbidden on the resource 'agents', or use an `openai` use",
        "there is no such key; the keys here are: app, team",
        "write https://<host>/<path>: no user, password, query or space",
    ],
)
def test_what_keyless_says_itself_is_left_as_it_is(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("storders", "'storders'"),
        ("Korea Central", "'Korea Central'"),
        ("http://oidc.example.com/dev/", "'http://oidc.example.com/dev/'"),
        ("/subscriptions/x/resourceGroups/rg;id", "'/subscriptions/x/resourceGroups/rg;id'"),
        ("AccountKey=abc", "a text of 14 characters that begins with 'AccountKey'"),
        ("0123456789abcdef0123456789abcdef", "a text of 32 characters"),
        ("aHVudGVyMg==", "a text of 12 characters"),
        ("'", "a text of 1 character"),
    ],
)
def test_a_value_is_shown_where_it_looks_like_a_name(text: str, shown: str) -> None:
    assert told(text) == shown
