"""What every service stands on: bus, log, delivery, projections, tail, settings, clock, ids."""
