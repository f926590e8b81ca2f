-- How many occurrences there are of each state, severity and cluster, kept in the same transaction
-- as the rows: counting 100,000 open alerts takes 15 ms, reading this takes none.
-- A count that comes to nothing is no row, so that a rebuild leaves exactly the same ones.
-- The functions name their schema at run time, because a rebuild renames it.
create table {schema}.tally (
    state text not null,
    severity text not null,
    cluster_id uuid not null,
    n bigint not null,
    primary key (state, severity, cluster_id)
);

create function {schema}.count_new() returns trigger language plpgsql as $$
begin
    execute format(
        'insert into %I.tally as t'
        ' select state, severity, cluster_id, count(*) from new_rows group by 1, 2, 3'
        ' on conflict (state, severity, cluster_id) do update set n = t.n + excluded.n',
        tg_table_schema);
    return null;
end $$;

create function {schema}.count_changed() returns trigger language plpgsql as $$
begin
    execute format(
        'merge into %I.tally as t using ('
        ' select state, severity, cluster_id, sum(d) as d from ('
        ' select state, severity, cluster_id, 1 as d from new_rows union all'
        ' select state, severity, cluster_id, -1 from old_rows) as rows'
        ' group by 1, 2, 3 having sum(d) <> 0) as moved'
        ' on (t.state, t.severity, t.cluster_id)'
        ' = (moved.state, moved.severity, moved.cluster_id)'
        ' when matched and t.n + moved.d = 0 then delete'
        ' when matched then update set n = t.n + moved.d'
        ' when not matched then insert values (state, severity, cluster_id, d)',
        tg_table_schema);
    return null;
end $$;

create trigger count_new after insert on {schema}.occurrence
    referencing new table as new_rows
    for each statement execute function {schema}.count_new();

create trigger count_changed after update on {schema}.occurrence
    referencing old table as old_rows new table as new_rows
    for each statement execute function {schema}.count_changed()
