"""What assistants may ask: tools over the REST API, with the rights of whoever asks."""
