"""The identity of an app and who may become it."""

from dataclasses import replace

from tests.support.plans import app_plan, arm_id, credential, identity, stack_plan
from tests.support.synth import synth

TWO_CLUSTERS = (credential("checkout", "aks-a"), credential("checkout", "aks-b"))


def test_a_made_identity_has_the_name_group_place_and_tags_of_the_plan() -> None:
    made = synth(stack_plan(app_plan())).one("UserAssignedIdentity")
    assert made.inputs == {
        "resourceGroupName": "rg-identities-payments-dev",
        "resourceName": "id-checkout-dev",
        "location": "koreacentral",
        "tags": {"cost-center": "shop"},
    }
    assert not made.read


def test_an_identity_without_tags_sends_none() -> None:
    app = app_plan(identity=identity("checkout", tags={}))
    assert "tags" not in synth(stack_plan(app)).one("UserAssignedIdentity").inputs


def test_an_existing_identity_is_read_by_its_id_and_never_written() -> None:
    existing = arm_id("Microsoft.ManagedIdentity/userAssignedIdentities", "id-old", "rg-old")
    app = app_plan(identity=identity("checkout", id=existing, made=False))
    made = synth(stack_plan(app)).one("UserAssignedIdentity")
    assert made.read
    assert made.request.id == existing.text  # type: ignore[union-attr]
    assert made.inputs == {}


def test_credentials_are_written_in_the_group_and_under_the_name_of_the_identity() -> None:
    made = synth(stack_plan(app_plan())).one("FederatedIdentityCredential")
    assert made.inputs == {
        "resourceGroupName": "rg-identities-payments-dev",
        "resourceName": "id-checkout-dev",
        "federatedIdentityCredentialResourceName": "checkout-aks-dev",
        "issuer": credential("checkout").issuer,
        "subject": "system:serviceaccount:payments:checkout",
        "audiences": ["api://AzureADTokenExchange"],
    }


def test_the_first_credential_waits_for_the_identity_and_each_other_for_the_one_before() -> None:
    made = synth(stack_plan(app_plan(credentials=TWO_CLUSTERS))).of("FederatedIdentityCredential")
    assert made["checkout-aks-a-credential"].depends_on == {"checkout-identity"}
    assert "checkout-aks-a-credential" in made["checkout-aks-b-credential"].depends_on


def test_credentials_of_two_identities_do_not_wait_for_each_other() -> None:
    made = synth(stack_plan(app_plan("a"), app_plan("b"))).of("FederatedIdentityCredential")
    assert made["b-aks-dev-credential"].depends_on == {"b-identity"}


def test_two_apps_that_share_an_existing_identity_write_its_credentials_in_series() -> None:
    existing = arm_id("Microsoft.ManagedIdentity/userAssignedIdentities", "id-old", "rg-old")
    shouted = replace(existing, text=existing.text.replace("rg-old", "RG-OLD"))
    apps = [
        app_plan("a", identity=identity("a", id=existing, made=False)),
        app_plan("b", identity=identity("b", id=shouted, made=False)),
    ]
    made = synth(stack_plan(*apps)).of("FederatedIdentityCredential")
    assert "a-aks-dev-credential" in made["b-aks-dev-credential"].depends_on


def test_only_a_protected_identity_is_protected_and_retained() -> None:
    for protected in (True, False):
        app = app_plan(identity=identity("checkout", protected=protected))
        made = synth(stack_plan(app))
        request = made.one("UserAssignedIdentity").request
        assert (request.protect, request.retainOnDelete) == (protected, protected)  # type: ignore[union-attr]
        # A trust or a grant that outlives its app is a leak, so these go even where the identity stays.
        for one in (made.one("FederatedIdentityCredential"), made.one("RoleAssignment")):
            assert (one.request.protect, one.request.retainOnDelete) == (False, False)  # type: ignore[union-attr]


def test_a_credential_is_deleted_on_its_own_and_not_with_the_identity() -> None:
    assert synth(stack_plan(app_plan())).one("FederatedIdentityCredential").request.deletedWith == ""  # type: ignore[union-attr]


def test_a_new_principal_replaces_the_credentials_that_went_with_the_old_one() -> None:
    made = synth(stack_plan(app_plan()))
    for one in made.of("FederatedIdentityCredential").values():
        assert one.request.replacement_trigger.string_value == "principal-id-of-checkout-identity"  # type: ignore[union-attr]
