-- Network functions over time. Durable: telemetry, where this comes from, ages out earlier, and no
-- rebuild of a projection touches it. One process writes at a time. Each part of a sample
-- (workloads, ptp, sriov, dpdk) goes its own way, as each may be unknown by itself.

-- The newest of each part of a cluster: what is known, and whether the last sample told of it.
create table aiops.cnf_latest (
    cluster_id uuid not null,
    part text not null,
    -- The last sample; missing says why it did not tell of this part, or not of all of it.
    asked_at timestamptz not null,
    interval_seconds int not null,
    missing text,
    run_since timestamptz not null,
    -- The last sample that told of it; null if there was none.
    at timestamptz,
    source text,
    value jsonb,
    primary key (cluster_id, part)
) with (fillfactor = 50);

-- What was so from one sample to another. Of clocks everything but their offsets, which are in
-- cnf_offset; counters move with every sample, so there a run is one sample. No run is longer than
-- an hour. Without value it was not known, because of missing. A partition a day.
create table aiops.cnf_run (
    cluster_id uuid not null,
    part text not null,
    since timestamptz not null,
    until timestamptz not null,
    interval_seconds int not null,
    missing text,
    source text,
    value jsonb,
    primary key (cluster_id, part, since)
) partition by range (since);

create table aiops.cnf_clock (
    id int generated always as identity primary key,
    cluster_id uuid not null,
    node_name text not null,
    interface text not null,
    -- Empty where nobody says who keeps it.
    process text not null,
    unique (cluster_id, node_name, interface, process)
);

-- In ns, sample by sample, null where it was not known; a partition a day.
create table aiops.cnf_offset (
    clock_id int not null,
    at timestamptz not null,
    offset_ns float8,
    primary key (clock_id, at)
) partition by range (at);

-- Clocks without what moves with every sample.
create function aiops.cnf_standing(clocks jsonb) returns jsonb language sql immutable as $$
    select coalesce(jsonb_agg(clock - 'offset_ns' order by place), '[]')
    from jsonb_array_elements(clocks) with ordinality as told(clock, place)
$$;

create function aiops.cnf_offsets(of_cluster uuid, sampled_at timestamptz, clocks jsonb)
returns void language plpgsql as $$
begin
    -- Not "on conflict do nothing", which uses an id up every time.
    insert into aiops.cnf_clock (cluster_id, node_name, interface, process)
    select distinct of_cluster, c.node_name, c.interface, coalesce(c.process, '')
    from jsonb_to_recordset(clocks) as c(node_name text, interface text, process text)
    where not exists (
        select from aiops.cnf_clock k where k.cluster_id = of_cluster
        and (k.node_name, k.interface, k.process)
            = (c.node_name, c.interface, coalesce(c.process, ''))
    );
    insert into aiops.cnf_offset (clock_id, at, offset_ns)
    select k.id, sampled_at, c.offset_ns
    from jsonb_to_recordset(clocks)
        as c(node_name text, interface text, process text, offset_ns float8)
    join aiops.cnf_clock k on k.cluster_id = of_cluster and (k.node_name, k.interface, k.process)
        = (c.node_name, c.interface, coalesce(c.process, ''))
    on conflict do nothing;
end $$;

-- Takes in one part of one sample; told is null where it did not tell of it. Told again or out of
-- order it changes nothing.
create function aiops.cnf_sampled(
    of_cluster uuid, sampled_at timestamptz, every int, of_part text, why_missing text,
    from_source text, told jsonb
) returns void language plpgsql as $$
declare
    was aiops.cnf_latest;
    standing jsonb := told;
    begun timestamptz := sampled_at;
begin
    select * into was from aiops.cnf_latest
    where cluster_id = of_cluster and part = of_part for update;
    if sampled_at <= was.asked_at then
        return;
    end if;
    if of_part = 'ptp' and told is not null then
        standing := aiops.cnf_standing(told);
        perform aiops.cnf_offsets(of_cluster, sampled_at, told);
    end if;
    update aiops.cnf_run r set until = sampled_at
    where r.cluster_id = of_cluster and r.part = of_part and r.since = was.run_since
        and date_trunc('hour', r.since, 'UTC') = date_trunc('hour', sampled_at, 'UTC')
        and sampled_at - r.until <= 3 * every * interval '1 second'
        and (r.interval_seconds, r.missing, r.source, r.value)
            is not distinct from (every, why_missing, from_source, standing)
        and (of_part <> 'dpdk' or standing is null or standing = '[]')
    returning r.since into begun;
    if not found then
        begun := sampled_at;
        insert into aiops.cnf_run
            (cluster_id, part, since, until, interval_seconds, missing, source, value)
        values (of_cluster, of_part, begun, begun, every, why_missing, from_source, standing);
    end if;
    insert into aiops.cnf_latest as l
        (cluster_id, part, asked_at, interval_seconds, missing, run_since, at, source, value)
    values (
        of_cluster, of_part, sampled_at, every, why_missing, begun,
        case when told is not null then sampled_at end, from_source, told
    )
    on conflict (cluster_id, part) do update set
        asked_at = excluded.asked_at, interval_seconds = excluded.interval_seconds,
        missing = excluded.missing, run_since = excluded.run_since,
        at = coalesce(excluded.at, l.at),
        source = case when excluded.at is null then l.source else excluded.source end,
        value = coalesce(excluded.value, l.value);
end $$;
