"""GPUs of the fleet: what stands about each of them, beside its samples, which are durable."""
