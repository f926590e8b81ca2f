"""Small clients of the live stream, to be copied into other programs."""
