"""The one-machine launcher: NATS, PostgreSQL and every part under one supervisor."""
