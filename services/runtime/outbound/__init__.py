"""Requests to systems outside: one constructor of HTTP clients, with what they may reach."""
