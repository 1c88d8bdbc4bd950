"""Makes what a Plan says, as Pulumi resources. Imports `keyless.plan` alone; decides nothing."""
