"""One module a kind: its Use (the app's side) and its Resources (the environment's side). No kind imports another."""
