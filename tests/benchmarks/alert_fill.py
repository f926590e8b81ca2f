"""Fills the tables of the alerts projection as a large fleet would have: by SQL, triggers and all.

Numbers are spread by hashes, so that neighbours in time share neither cluster nor index page.
"""

from datetime import UTC, datetime, timedelta

import psycopg

CLUSTERS, NAMES, NAMESPACES = 100, 200, 50
END = datetime(2026, 11, 1, tzinfo=UTC)
_COLUMNS = """
    id, cluster_id, state, severity, starts_at, ends_at, first_seen_at, last_seen_at,
    expires_at, occurrences, ending, namespace, alertname, fingerprint, labels, annotations,
    generator_url, began, seq
"""
_SPREAD = "abs(hashint4({}))"
_ROWS = f"""
insert into alerts.{{table}} ({_COLUMNS})
select md5('occurrence' || n)::uuid, md5('cluster' || c)::uuid,
    '{{state}}', s, t, {{ended}}, t + interval '5 s', t + interval '10 min', null, 1 + a % 9,
    {{ending}}, 'namespace-' || k, 'Alert' || m, left(md5('alert' || a), 16),
    jsonb_build_object('alertname', 'Alert' || m, 'severity', lower(s),
        'namespace', 'namespace-' || k, 'pod', 'worker-' || a || '-5d9c7',
        'node', 'node-' || a % 640 || '.edge.example.com', 'job', 'kube-state-metrics',
        'container', 'app-' || a % 17, 'prometheus', 'openshift-monitoring/k8s'),
    jsonb_build_object('summary', 'Alert' || m || ' on worker-' || a || '-5d9c7',
        'description', 'The condition of Alert' || m || ' has held for 10 minutes on worker-' || a,
        'runbook_url', 'https://runbooks.example.com/alerts/' || m),
    'https://prometheus.edge.example.com/graph?g0.expr=' || n, {{began}}
from (
    select n, a, c, m, (m * 7 + {_SPREAD.format("a + 2000")} % 3) % {NAMESPACES} as k,
        (array['CRITICAL', 'WARNING', 'WARNING', 'INFO'])[1 + m % 4] as s,
        timestamptz '2026-11-01' - interval '1 s' * ({{first}} + {{last}} - n) as t
    from (
        select n, a, {_SPREAD.format("a")} % {CLUSTERS} as c,
            floor({NAMES} * power({_SPREAD.format("a + 1000")} / 2147483647.0, 2))::int as m
        from (select n, {{alert}} as a from generate_series({{first}}, {{last}} - 1) as n) as all_n
    ) as spread
) as told
"""


def middle(rows: int, still_open: int) -> datetime:
    """When half of so many had begun."""
    return END - timedelta(seconds=rows - still_open - rows // 2)


def fill(url: str, rows: int, still_open: int) -> None:
    """``rows`` occurrences, of which these many are open; some of them are muted.

    As many were open at any time before. The middle of all is the sequence 0, as of `middle`.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        past, half = rows - still_open, rows // 2
        told = (
            (
                0,
                past,
                "past",
                "RESOLVED",
                "t + interval '10 min'",
                "'REPORTED'",
                f"n % {past // 3}",
                f"n - {half}, n - {half} + {still_open}",
            ),
            (past, rows, "open", "FIRING", "null", "null", "n", f"null, n - {half}"),
        )
        for first, last, table, state, ended, ending, alert, began in told:
            statement = _ROWS.format(
                first=first, last=last, table=table, state=state, ended=ended, ending=ending,
                alert=alert, began=began,
            )  # fmt: skip
            connection.execute(statement.encode())
        connection.execute(
            b"insert into alerts.muting select cluster_id, fingerprint, fingerprint,"
            b" case when seq % 2 = 0 then '[\"silence\"]' else '[]' end::jsonb,"
            b" case when seq % 2 = 1 then '[\"0123456789abcdef\"]' else '[]' end::jsonb, seq"
            b" from alerts.open where abs(seq) % 50 < 2"
        )
        connection.execute(
            b"insert into alerts.cluster_name select md5('cluster' || n)::uuid, 'cluster-' || n, n"
            b" from generate_series(0, %d) as n" % (CLUSTERS - 1)
        )
        # What autovacuum would have done in a few minutes.
        connection.execute(b"vacuum analyze")
