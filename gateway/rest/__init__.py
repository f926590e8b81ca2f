"""REST: reads from projections, writes as commands."""
