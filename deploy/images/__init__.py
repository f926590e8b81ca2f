"""The container image, and the configuration of the servers that compose.yaml runs beside it."""
