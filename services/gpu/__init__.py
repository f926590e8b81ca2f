"""Samples the GPUs of clusters, and tells of what is remarkable about them."""
