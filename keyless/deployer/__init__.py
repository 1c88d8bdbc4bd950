"""What the pipeline of one stack needs, and nothing more: identity, credential, roles and their assignments."""
