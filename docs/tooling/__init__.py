"""What `make docs` renders: models, kinds and commands as rows for the templates."""
