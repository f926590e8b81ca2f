"""Doors that other systems' tools already know."""
