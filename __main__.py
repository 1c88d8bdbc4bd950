"""The Pulumi program: reads the specs and the environment of this project, plans, and makes the plan."""

from pathlib import Path

import pulumi

from components.program import make
from keyless.errors import KeylessError
from keyless.planner import load_stack


def main() -> None:
    """Make the selected stack: `dev`, or `payments.dev`. A mistake in a file ends the run with its message alone."""
    try:
        plan = load_stack(Path(__file__).parent, pulumi.get_stack())
    except KeylessError as error:
        raise pulumi.RunError(str(error)) from None
    make(plan)


main()
