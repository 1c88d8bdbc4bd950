"""The stand-in for the azure-native provider and the ARM behind it: `python -m sandbox.azure`."""
