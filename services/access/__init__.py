"""Who may come in, and what was refused: told as events."""
