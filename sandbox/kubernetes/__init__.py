"""A stand-in for pulumi-kubernetes: server-side apply with owners of fields, in the sandbox's own clusters."""
