"""Chat: sessions, and turns that are decided step by step from their events."""
