"""The fleet registry: which clusters there are, and under which names."""
