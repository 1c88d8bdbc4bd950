"""Makes what a Plan says, line by line, as Pulumi resources. Imports `keyless.plan` alone and decides nothing."""
