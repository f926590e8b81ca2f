"""Incidents: what is wrong at the same time for one reason becomes one thing to work on."""
