"""The command `aiops`."""
