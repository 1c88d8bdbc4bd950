"""What a workload's owner wrote in clear is in no state, output or log of ours, though the state knows the workload."""

from __future__ import annotations

from tests.support.places import Place

STACK = "payments.dev"
LITERAL = "hunter2-in-clear"


def leaks(place: Place) -> list[str]:
    """Files of the sandbox that hold the literal, but for the stand-in cluster itself and the manifests."""
    state = place.folder / "state"
    return [
        str(path) for path in state.rglob("*") if path.is_file() and LITERAL.encode() in path.read_bytes()
    ]


def plant(place: Place) -> None:
    """Variables in clear, before and behind one of the owner's own, and a copy as `kubectl apply` keeps it."""
    manifest = place.project / "apps" / "payments" / "deploy" / "checkout.yaml"
    text = manifest.read_text()
    env = "env: [{name: LOG_LEVEL, value: info}]"
    assert text.count(env) == 1
    entries = f"{{name: DB_PASSWORD, value: {LITERAL}}}"
    text = text.replace(env, f"env: [{entries}, {{name: LOG_LEVEL, value: info}}]")
    name = "metadata: {name: checkout}"
    assert text.count(name) == 1
    applied = f'{{"kubectl.kubernetes.io/last-applied-configuration": "{LITERAL}"}}'
    manifest.write_text(text.replace(name, f"metadata: {{name: checkout, annotations: {applied}}}"))


def test_no_state_and_no_output_holds_a_literal_of_the_owner(shop: Place):
    plant(shop)
    shop.up("dev")
    said = shop.up(STACK, "--diff")
    assert leaks(shop) == []
    said += shop.ok("pulumi", "refresh", "--yes", "--diff", "-s", STACK)
    assert leaks(shop) == []
    said += shop.up(STACK, "--diff", "--expect-no-changes")
    file = shop.project / "apps" / "payments" / "checkout.yaml"
    file.write_text(file.read_text().replace("access: read", "access: write"))
    said += shop.ok("pulumi", "preview", "--diff", "-s", STACK)
    said += shop.ok("pulumi", "preview", "--json", "-s", STACK)
    said += shop.up(STACK, "--diff")
    said += shop.ok("pulumi", "stack", "export", "-s", STACK)
    said += shop.ok("pulumi", "destroy", "--yes", "--diff", "-s", STACK)
    assert LITERAL not in said
    assert leaks(shop) == []
