"""Who may do what in the stand-in cloud, read from what exists there; nothing here asks what was planned."""
