"""`keyless explain WORD`: what the catalogue knows of a word, in whatever case and by name or id."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from keyless.catalogue import KINDS, entry, refused
from keyless.cli import main
from keyless.render.explain import words

OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"


def explain(word: str) -> str:
    """What is printed of a word that is known."""
    result = CliRunner().invoke(main, ["explain", word])
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.mark.parametrize("word", ["Storage Blob Data Owner", "storage blob data owner", OWNER, OWNER.upper()])
def test_a_role_that_only_a_waiver_may_name_is_known_by_name_and_id(word: str) -> None:
    assert explain(word) == (
        f"Storage Blob Data Owner ({OWNER})\n  what a waiver of `blob` may name on a storage\n"
    )


def test_a_role_is_told_with_each_use_that_gets_it() -> None:
    assert explain("5e0bd9bd-7b93-4f28-af87-19fc36ad61bd") == (
        "Cognitive Services OpenAI User (5e0bd9bd-7b93-4f28-af87-19fc36ad61bd)\n"
        "  what `openai` gets on a openai with access: use\n"
        "  what `openai` gets on a foundry with access: use\n"
    )


def test_an_access_policy_is_known() -> None:
    assert explain("data owner").startswith("Data Owner (an access policy of a cache)\n")
    assert "wider than asked: Managed Redis knows one access policy" in explain("default")


@pytest.mark.parametrize("word", ["foundry", "openai", "keyvault", "OpenAI", " keyvault "])
def test_a_word_that_is_a_use_and_a_resource_is_told_as_both(word: str) -> None:
    told, name = explain(word), word.strip().lower()
    assert told.startswith(f"{name}, a use\n  token scope in the cloud public: https://")
    assert f"\n{name}, a resource\n  Azure resource: Microsoft." in told
    for what in (
        "  port: 443\n",
        "  host in the cloud public: ",
        "  private DNS zones of ",
    ):
        assert what in told


def test_a_resource_is_told_with_every_use_that_it_serves() -> None:
    assert "  serves: foundry, openai\n" in explain("foundry")


@pytest.mark.parametrize("name", ["Owner", "contributor", refused()[0].id])
def test_a_role_that_nobody_gets_is_told_with_the_reason(name: str) -> None:
    assert "  refused, even with a waiver: it manages the resource" in explain(name)


def test_every_word_that_is_offered_is_explained() -> None:
    offered = words()
    assert all(explain(word) for word in offered)
    waived = {role.name for kind in KINDS for roles in entry(kind).waivers.values() for role in roles}
    assert {"blob", "redis-managed", "Owner", *waived} <= set(offered)


@pytest.mark.parametrize(
    ("word", "near"), [("blobb", "blob"), ("storage blob data ower", "Storage Blob Data Owner")]
)
def test_an_unknown_word_is_answered_with_the_nearest(word: str, near: str) -> None:
    result = CliRunner().invoke(main, ["explain", word])
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"'{word}' is not known here [unknown-word]\n  fix: try one of: " in result.stderr
    assert near in result.stderr
