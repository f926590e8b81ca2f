"""Reads what reports tell, by the REST API and as whoever asks may, into plain data."""
