"""The live stream: events as they happen, over one WebSocket a client."""
