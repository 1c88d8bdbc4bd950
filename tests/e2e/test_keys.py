"""Forbidden keys on the real engine: `pulumi up` makes nothing while an app leans on one."""

from __future__ import annotations

from tests.support.places import Place


def edit(place: Place, path: str, before: str, after: str) -> None:
    """Replace the first occurrence of `before` in a file of the project."""
    file = place.project / path
    text = file.read_text()
    assert before in text, (path, before)
    file.write_text(text.replace(before, after, 1))


def test_up_refuses_forbidden_keys_until_the_left_over_is_gone(shop: Place) -> None:
    edit(shop, "Pulumi.dev.yaml", "keys: allowed", "keys: forbidden")
    key = "{name: AZURE_STORAGE_KEY, valueFrom: {secretKeyRef: {name: old, key: key}}}"
    manifest = "apps/payments/deploy/checkout.yaml"
    edit(shop, manifest, "{name: LOG_LEVEL, value: info}", f"{{name: LOG_LEVEL, value: info}}, {key}")
    refused = shop.run("pulumi", "up", "--yes", "--skip-preview", "-s", "payments.dev")
    assert refused.returncode != 0
    assert (
        f"{manifest}:13: Deployment checkout, container 'checkout' is given a key of blob" in refused.stdout
    )
    assert "Traceback" not in refused.stdout
    assert shop.differences() == []
    edit(shop, manifest, f", {key}", "")
    shop.up("payments.dev")
