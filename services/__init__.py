"""Decisions: one folder per service, all of them standing on the runtime."""
