"""What the sandbox refuses on purpose; `python -m sandbox` prints it and exits with 2."""

from __future__ import annotations


class SandboxError(Exception):
    """A wrong use or a missing part of the machine; the text is the whole message, with the fix."""
