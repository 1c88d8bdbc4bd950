"""A deployer with the rights that the command printed, on the real engine: its own stack, all of it, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from keyless.cli import main
from tests.support.deployers import apply
from tests.support.places import Place

UP = ("pulumi", "up", "--yes", "--skip-preview", "-s")


@pytest.fixture
def signed_in(shop: Place, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Let every command from now on call as the deployer of a stack."""

    def sign_in(stack: str, without: tuple[str, str] | None = None) -> str:
        monkeypatch.delenv("ARM_CLIENT_ID", raising=False)
        words = ["-C", str(shop.project), "deployer", stack, "--group", "rg-pipelines", "--format", "json"]
        found: dict[str, Any] = json.loads(CliRunner().invoke(main, words).stdout)
        caller = apply(shop.folder, found, without)
        monkeypatch.setenv("ARM_CLIENT_ID", caller)
        return caller

    return sign_in


@pytest.mark.parametrize("stack", ["payments.dev", "dev"])
def test_a_stack_comes_up_and_down_as_its_deployer(
    shop: Place, signed_in: Callable[..., str], stack: str
) -> None:
    if stack != "dev":
        shop.up("dev")
    shop.ok("show")
    signed_in(stack)
    before = shop.differences()
    shop.up(stack)
    shop.up(stack, "--expect-no-changes")
    shop.ok("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", stack)
    assert len(shop.differences()) > len(before)
    shop.destroy(stack)
    assert shop.differences() == before


@pytest.mark.parametrize(
    ("purpose", "action"),
    [
        ("identities", "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write"),
        ("grants", "Microsoft.Authorization/roleAssignments/write"),
    ],
)
def test_up_fails_without_an_action_and_says_which(
    shop: Place, signed_in: Callable[..., str], purpose: str, action: str
) -> None:
    shop.ok("show")
    signed_in("payments.dev", (purpose, action))
    answer = shop.run(*UP, "payments.dev")
    assert answer.returncode != 0
    assert "AuthorizationFailed" in answer.stdout and action.lower() in answer.stdout.lower()


def test_the_deployer_of_one_stack_brings_up_no_other(shop: Place, signed_in: Callable[..., str]) -> None:
    shop.ok("show")
    signed_in("payments.dev")
    answer = shop.run(*UP, "search.dev")
    assert answer.returncode != 0
    assert "AuthorizationFailed" in answer.stdout
    assert not [one for one in shop.differences() if "id-finder" in one]
