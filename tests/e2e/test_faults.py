"""Faults on purpose: each converges, or fails with a message that names what it was about."""

from __future__ import annotations

import pytest

from tests.support.places import Place

# More than an app of this shop has operations, so that the last rounds die after the end: then nothing dies.
LAST_OPERATION = 9
UP = ("pulumi", "up", "--yes", "--skip-preview")


@pytest.fixture
def one_app(shop: Place) -> Place:
    """The shop with team search's app alone: identity, credential, two grants, ServiceAccount, patch."""
    for name in ("checkout.yaml", "worker.yaml"):
        (shop.project / "apps" / "payments" / name).unlink()
    return shop


def converged(place: Place, stack: str) -> None:
    """After recovery one `up` makes what is left, a second changes nothing, and `destroy` leaves the world."""
    place.up(stack)
    place.up(stack, "--expect-no-changes")
    place.ok("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", stack)
    place.destroy(stack)
    assert place.differences() == []


@pytest.mark.parametrize("after", range(1, LAST_OPERATION + 1))
def test_a_crash_of_up_is_recovered_with_no_orphan_and_no_duplicate(one_app: Place, after: int):
    killed = one_app.run(*UP, "-s", "search.dev", switches=("--die-after", str(after)))
    made = len(one_app.ids("search.dev"))
    if killed.returncode == 0:
        assert made < after, killed.stdout
    else:
        assert killed.returncode == -9, killed.stdout
        one_app.ok("recover", "search.dev")
    converged(one_app, "search.dev")


@pytest.mark.parametrize("after", range(1, LAST_OPERATION + 1, 2))
def test_a_crash_of_destroy_is_recovered(one_app: Place, after: int):
    one_app.up("search.dev")
    one_app.run(
        "pulumi",
        "destroy",
        "--yes",
        "--skip-preview",
        "-s",
        "search.dev",
        switches=("--die-after", str(after)),
    )
    one_app.ok("recover", "search.dev")
    one_app.destroy("search.dev")
    assert one_app.differences() == []


@pytest.mark.parametrize(
    "fault",
    [
        "429:2", "500:3", "503:1", "429:1:RoleAssignment",
        # What the provider does not repeat, and Keyless does: another stack's write, a principal not yet known.
        "409:3:FederatedIdentityCredential", "409:3:AccessPolicyAssignment", "400:3:RoleAssignment",
    ],
)  # fmt: skip
def test_what_azure_asks_to_repeat_is_repeated(one_app: Place, fault: str):
    one_app.up("search.dev", switches=("--fail", fault))
    converged(one_app, "search.dev")


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("409:99:FederatedIdentityCredential", ("finder", "aks-one")),
        ("409:99:AccessPolicyAssignment", ("finder", "carts")),
        ("403:9:RoleAssignment", ("finder", "invoices", "orders")),
        # PrincipalNotFound, the answer while a new principal is not yet known everywhere.
        ("400:99:RoleAssignment", ("finder", "invoices", "orders")),
        ("500:99:UserAssignedIdentity", ("finder",)),
    ],
)
def test_what_is_refused_names_app_use_and_resource_and_the_next_up_converges(
    one_app: Place, fault: str, named: tuple[str, ...]
):
    answer = one_app.run(*UP, "-s", "search.dev", "--color", "never", switches=("--fail", fault))
    assert answer.returncode != 0
    diagnostics = answer.stdout.partition("Diagnostics:")[2]
    for word in named:
        assert word in diagnostics, answer.stdout
    converged(one_app, "search.dev")


def test_a_workload_that_is_not_there_is_named_and_the_next_up_finds_it(one_app: Place):
    manifest = one_app.project / "apps" / "search" / "deploy" / "finder.yaml"
    text = manifest.read_text()
    manifest.write_text("")
    answer = one_app.run(*UP, "-s", "search.dev", "--color", "never")
    assert answer.returncode != 0
    diagnostics = answer.stdout.partition("Diagnostics:")[2]
    for word in ("finder", "search", "StatefulSet", "not found"):
        assert word in diagnostics, answer.stdout
    manifest.write_text(text)
    converged(one_app, "search.dev")


def test_delays_change_nothing_but_the_time(one_app: Place):
    one_app.up("search.dev", switches=("--delay", "0.2"))
    converged(one_app, "search.dev")
