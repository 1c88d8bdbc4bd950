"""The Pulumi program: reads the specs and the environment of this project, plans, and makes the plan."""

import asyncio
from pathlib import Path

import pulumi

from components.program import make
from keyless.errors import KeylessError
from keyless.guarded import load_guarded_stack


async def main() -> None:
    """Make the selected stack: `dev`, or `payments.dev`. A mistake in a file shows its message and no trace."""
    try:
        plan = load_guarded_stack(Path(__file__).parent, pulumi.get_stack())
    except KeylessError as error:
        raise pulumi.RunError(str(error)) from None
    make(plan)
    # Lets every registration begin before the SDK waits for them: else it goes through all their outputs anew
    # whenever one is done, which is quadratic (docs/adr/0004).
    await asyncio.sleep(0)


pulumi.run(main)
