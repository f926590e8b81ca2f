"""Logins and bearer tokens of any OpenID Connect issuer."""
