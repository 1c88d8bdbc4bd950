"""The sandbox itself, with a small program that needs nothing of Keyless: if these fail, no other result counts."""

from __future__ import annotations

import re

import pytest

from tests.support.places import Place

IDENTITY = "identity"


def made(toy: Place) -> set[str]:
    return {urn.rpartition("::")[2] for urn in toy.ids("dev")}


ALL = {"identity", "credential", "grant", "account", "patch"}


def test_up_makes_everything_then_nothing_changes_and_destroy_leaves_the_world(toy: Place):
    toy.up("dev")
    assert made(toy) == ALL
    toy.up("dev", "--expect-no-changes")
    toy.ok("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", "dev")
    assert toy.differences() != []
    toy.destroy("dev")
    assert toy.differences() == []


def test_show_marks_what_was_made(toy: Place):
    before = toy.ok("show")
    assert "storders" in before
    assert not re.search(r"^  \* ", before, re.MULTILINE)
    toy.up("dev")
    after = toy.ok("show")
    starred = [line for line in after.splitlines() if line.startswith("  * ")]
    assert any("userAssignedIdentities/id-checkout" in line for line in starred)
    assert any("payments/checkout" in line and "client-id=" in line for line in starred)


def test_can_says_no_before_and_yes_after(toy: Place):
    assert toy.run("can", "checkout", "invoices").returncode == 1
    toy.up("dev")
    answer = toy.run("can", "checkout", "invoices")
    assert answer.returncode == 0, answer.stdout
    assert answer.stdout.startswith("yes\n")


@pytest.mark.parametrize("after", [1, 2, 3, 4, 5])
def test_a_killed_engine_is_recovered_without_loss_or_duplicate(toy: Place, after: int):
    killed = toy.run(
        "pulumi", "up", "--yes", "--skip-preview", "-s", "dev", switches=("--die-after", str(after))
    )
    assert killed.returncode == -9, killed.stdout
    said = toy.ok("recover", "dev")
    assert "pulumi cancel --yes -s dev" in said
    toy.up("dev")
    assert made(toy) == ALL
    toy.up("dev", "--expect-no-changes")
    toy.destroy("dev")
    assert toy.differences() == []


def test_without_recovery_a_killed_stack_is_locked(toy: Place):
    toy.run("pulumi", "up", "--yes", "--skip-preview", "-s", "dev", switches=("--die-after", "1"))
    answer = toy.run("pulumi", "up", "--yes", "--skip-preview", "-s", "dev")
    assert answer.returncode != 0
    assert "the stack is currently locked" in answer.stdout


def test_a_new_manifest_is_there_at_the_next_command(toy: Place):
    toy.up("dev")
    (toy.project / "apps" / "payments" / "deploy" / "checkout.yaml").open("a").write(
        "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: later}}\n"
    )
    assert "the world of dev has 1 new objects" in toy.ok("pulumi", "stack", "ls")
    assert "payments/later" in toy.ok("show")
