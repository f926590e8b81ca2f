"""The vocabulary of the platform: commands, events and their words, with pydantic alone."""
