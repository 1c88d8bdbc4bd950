"""`python -m keyless` is the command `keyless`."""

from keyless.cli import main

main(prog_name="keyless")
