"""Guides, decisions and the generated reference; the modules here write the reference (`make docs`)."""
