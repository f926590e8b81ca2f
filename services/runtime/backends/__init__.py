"""How the backends of clusters are asked: addresses, logins, circuits, budgets, faults."""
