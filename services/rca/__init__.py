"""Root cause analysis: what is behind an incident, ranked, each claim with its evidence."""
