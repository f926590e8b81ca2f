-- How many signals of each cluster, severity and name an incident has, and how many of them last,
-- kept in the same transaction as the rows: who may see some clusters of an incident is told the
-- numbers of these, and to count the members of twenty incidents of a storm takes a second.
-- Signals of what has ended in another incident count where they were: reads put them together.
-- A count that comes to nothing is no row, so that a rebuild leaves exactly the same ones.
create table {schema}.tally (
    incident_id uuid not null,
    cluster_id uuid not null,
    severity text collate "C" not null,
    name text collate "C" not null,
    signals bigint not null,
    lasting bigint not null,
    primary key (incident_id, cluster_id, severity, name)
);

-- Its argument selects what has changed: by how many signals there are more (d), by how many of
-- these that last (l). Schemas are named at run time, because a rebuild renames them.
create function {schema}.count_signals() returns trigger language plpgsql as $$
begin
    execute format(
        'merge into %1$I.tally as t using ('
        ' select incident_id, cluster_id, severity, left(name, 128) as name, sum(d) as d,'
        ' sum(l) as l from (' || tg_argv[0] || ') as told'
        ' group by 1, 2, 3, 4 having sum(d) <> 0 or sum(l) <> 0) as moved'
        ' on t.incident_id = moved.incident_id and t.cluster_id = moved.cluster_id'
        ' and t.severity = moved.severity and t.name = moved.name'
        ' when matched and t.signals + moved.d = 0 then delete'
        ' when matched then update set signals = t.signals + moved.d, lasting = t.lasting + moved.l'
        ' when not matched then'
        ' insert values (moved.incident_id, moved.cluster_id, moved.severity, moved.name, d, l)',
        tg_table_schema);
    return null;
end $$;

create trigger count_new after insert on {schema}.member
    referencing new table as new_rows
    for each statement execute function {schema}.count_signals(
    'select n.incident_id, s.cluster_id, s.severity, s.name, 1 as d,
        (not exists (select from %1$I.ended e where e.signal_id = s.id))::int as l
    from new_rows n join %1$I.signal s on s.id = n.signal_id');

create trigger count_moved after update on {schema}.member
    referencing old table as old_rows new table as new_rows
    for each statement execute function {schema}.count_signals(
    'select m.incident_id, s.cluster_id, s.severity, s.name, m.d,
        m.d * (not exists (select from %1$I.ended e where e.signal_id = s.id))::int as l
    from (select signal_id, incident_id, 1 as d from new_rows union all
        select signal_id, incident_id, -1 from old_rows) m
    join %1$I.signal s on s.id = m.signal_id');

-- One that is told anew may be more severe than it was.
create trigger count_changed after update on {schema}.signal
    referencing old table as old_rows new table as new_rows
    for each statement execute function {schema}.count_signals(
    'select m.incident_id, s.cluster_id, s.severity, s.name, s.d,
        s.d * (not exists (select from %1$I.ended e where e.signal_id = s.id))::int as l
    from (select id, cluster_id, severity, name, 1 as d from new_rows union all
        select id, cluster_id, severity, name, -1 from old_rows) s
    join %1$I.member m on m.signal_id = s.id');

create trigger count_ended after insert on {schema}.ended
    referencing new table as new_rows
    for each statement execute function {schema}.count_signals(
    'select m.incident_id, s.cluster_id, s.severity, s.name, 0 as d, -1 as l
    from new_rows n join %1$I.member m on m.signal_id = n.signal_id
    join %1$I.signal s on s.id = n.signal_id');

create trigger count_resumed after delete on {schema}.ended
    referencing old table as old_rows
    for each statement execute function {schema}.count_signals(
    'select m.incident_id, s.cluster_id, s.severity, s.name, 0 as d, 1 as l
    from old_rows o join %1$I.member m on m.signal_id = o.signal_id
    join %1$I.signal s on s.id = o.signal_id')
