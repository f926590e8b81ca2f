"""The Model Context Protocol: the hub's tools, personas and incidents for assistants elsewhere."""
