"""What-if: one row for each replay, with what came of it."""
