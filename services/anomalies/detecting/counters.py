"""Which series are counters, of which the rate is looked at."""

_ENDINGS = ("_total", "_count", "_sum", "_bucket")


def is_counter(metric_name: str) -> bool:
    """By its name, as Prometheus' conventions have it.

    It is not learnt from the values: a disk that fills only grows as well, and is to be seen. A
    query that takes the rate itself (``rate(x_total[5m])``) leaves no name to go by.
    """
    return metric_name.endswith(_ENDINGS)
