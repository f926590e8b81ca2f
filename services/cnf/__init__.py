"""Network functions of telco clusters: found, measured, and told of when their state changes."""
