"""Who is asking: API tokens, sessions, roles."""
