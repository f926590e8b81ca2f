"""Read models: rows that a replay of the log rebuilds, and what may be asked of them."""
