"""A simulated fleet: Kubernetes APIs and observability backends that speak the real protocols."""
