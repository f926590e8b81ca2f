"""Takes a hub's state into a folder while it runs, and makes a hub of such a folder again."""
