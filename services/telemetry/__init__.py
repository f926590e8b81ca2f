"""A collector's side of federated metrics, logs and traces: asks a cluster's own backends."""
