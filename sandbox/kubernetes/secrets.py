"""Which properties the state encrypts: provider.go `annotateSecrets`, read one commit after 4.34.2."""

from __future__ import annotations

from typing import Any

from sandbox.wire import Properties, Secret


def annotated(outs: Properties, ins: Properties) -> Properties:
    """`outs` with each property secret that is so in `ins`, or holds a secret there below a list.

    Maps are gone through by key. (Objects of kind Secret, whose data the provider always hides, are not known here.)
    """
    return {name: _annotated(value, ins[name]) if name in ins else value for name, value in outs.items()}


def _annotated(value: Any, like: Any) -> Any:
    if isinstance(value, dict) and isinstance(like, dict):
        return annotated(value, like)
    if not isinstance(value, Secret) and _holds_secret(like):
        return Secret(value)
    return value


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_secret(one) for one in value.values())
    if isinstance(value, list):
        return any(_holds_secret(one) for one in value)
    return isinstance(value, Secret)
