"""PromQL as it is read before it is sent or kept: its words, its tree, and whether it is valid."""
