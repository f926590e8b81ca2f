"""The doors of the platform: REST, the live stream, and what others' tools speak."""
