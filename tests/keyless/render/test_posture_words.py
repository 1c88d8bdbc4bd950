"""Words of postures and policies, explained."""

from __future__ import annotations

import pytest

from keyless.errors import SpecError
from keyless.plan import Keys, Management, Network
from keyless.render.explain import render_explanation
from keyless.render.posture_words import posture_words


@pytest.mark.parametrize(
    "word",
    [*Network.__args__, *Keys.__args__, *Management.__args__, "managed", "policy", "locked"],  # type: ignore[attr-defined]
)
def test_every_word_of_a_posture_is_explained(word: str) -> None:
    assert word in posture_words()
    assert render_explanation(word).partition(".")[0].endswith(f": {'true' if word == 'locked' else word}")


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("private", "  redis-cache: publicNetworkAccess = Disabled\n"),
        ("firewall", "  redis-managed: cannot be had\n"),
        ("forbidden", "  openai: disableLocalAuth = true\n"),
        ("policy", "(c4bc6f10-cb41-49eb-b000-d5ab82e2a091), which writes one of them alone\n"),
    ],
)
def test_a_word_says_what_it_sets_on_each_kind(word: str, line: str) -> None:
    assert line in render_explanation(word)


def test_a_word_about_keys_leaves_out_what_has_none() -> None:
    assert "keyvault" not in render_explanation("forbidden")


@pytest.mark.parametrize(
    ("guid", "told"),
    [
        ("8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54", "effects: Audit, Deny"),
        ("AE62C456-33DE-4DC8-B100-7CE9028A7D99", "denies Keyless's own credentials"),
        ("55eff01b-f2bd-4c32-9203-db285f709d30", "to be left alone"),
        ("75973700-529f-4de2-b794-fb9b6781b6b0", "writes the zone group of endpoints of blob"),
    ],
)
def test_a_policy_is_explained_by_its_id(guid: str, told: str) -> None:
    assert told in render_explanation(guid)


def test_a_word_that_is_nearly_one_is_told_the_nearest() -> None:
    with pytest.raises(SpecError, match="forbidden"):
        render_explanation("forbiden")
