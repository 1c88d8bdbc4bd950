"""Names are a contract: a changed expectation here replaces what people run."""

from __future__ import annotations

import re

import pytest

from keyless import names


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (names.logical("checkout", "orders", "invoices", "grant"), "checkout-orders-invoices-grant"),
        (names.credential("aks-dev", "payments", "checkout"), "aks-dev_payments_checkout"),
        (names.credential("aks", "payments", "a.b"), "aks_payments_a-b-6635bf95"),
        (names.setting("psp-secret", "VAULT_URL"), "PSP_SECRET_VAULT_URL"),
        (names.role_assignment("/Id", "/Scope", "role"), "611ec62c-989c-553a-9a36-9a464b65dab9"),
        (names.cache_access("check-out", "dev"), "checkoutdeve5c0d4eb"),
        (names.shortened("x" * 20, 12), "xxx-d4fc1db6"),
    ],
)
def test_golden_names(made: str, expected: str) -> None:
    assert made == expected


def test_a_name_at_the_limit_stays_and_one_above_is_cut_with_a_hash() -> None:
    assert names.shortened("a" * 24, 24) == "a" * 24
    cut = names.shortened("a" * 25, 24)
    assert len(cut) == 24
    assert re.fullmatch(r"a{15}-[0-9a-f]{8}", cut)


def test_two_long_names_with_one_beginning_stay_apart() -> None:
    assert names.shortened("a" * 200 + "b", 120) != names.shortened("a" * 200 + "c", 120)


def test_a_cut_leaves_no_separator_before_the_hash() -> None:
    assert re.fullmatch(r"abc-[0-9a-f]{8}", names.shortened("abc---" + "d" * 20, 14))


def test_azure_ignores_case_and_so_do_role_assignments() -> None:
    assert names.role_assignment("/ID", "/SCOPE", "R") == names.role_assignment("/id", "/scope", "r")
    assert names.role_assignment("/id", "/scope", "r") != names.role_assignment("/id", "/scope", "s")


def test_cache_access_fits_managed_redis() -> None:
    name = names.cache_access("a-" * 40, "production")
    assert len(name) <= 60
    assert name.isalnum()
    assert names.cache_access("a-b", "dev") != names.cache_access("ab", "dev")


def test_credentials_fit_entra() -> None:
    assert len(names.credential("c" * 40, "n" * 63, "s" * 253)) == 120


def test_credentials_whose_words_join_alike_have_names_of_their_own() -> None:
    made = {
        names.credential("aks", "a-b", "c"),
        names.credential("aks", "a", "b-c"),
        names.credential("aks", "a", "b.c"),
        names.credential("aks-a", "b", "c"),
    }
    assert len(made) == 4
