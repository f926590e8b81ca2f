"""Personas: one row for each custom one; those that are built in come from the program."""
