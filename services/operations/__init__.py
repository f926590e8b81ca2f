"""What operators do to the platform itself."""
