"""Keyless: an app says what it uses, and gets an Azure identity that can do exactly that.

This package decides and prints; it is pure Python and never imports Pulumi. What it decides is a Plan
(`keyless.plan`); `components/`, in the checkout beside this package, makes what the Plan says.
"""

__version__ = "0.1.0"
