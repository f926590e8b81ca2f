"""The few pages that the gateway serves by itself: start, login and API documentation."""
