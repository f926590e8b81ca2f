-- How many occurrences there are of each state, severity, cluster, namespace and name, kept in the
-- same transaction as the rows: counting 100,000 open alerts by all of these takes 150 ms, reading
-- this a few. No namespace is ''. Texts are cut: sources choose them.
-- A count that comes to nothing is no row, so that a rebuild leaves exactly the same ones.
-- The functions name their schema at run time, as those of together.sql do.
create table {schema}.tally (
    state text collate "C" not null,
    severity text collate "C" not null,
    cluster_id uuid not null,
    namespace text collate "C" not null,
    alertname text collate "C" not null,
    n bigint not null,
    primary key (state, severity, cluster_id, namespace, alertname)
);

create function {schema}.count_new() returns trigger language plpgsql as $$
begin
    execute format(
        'insert into %I.tally as t'
        ' select state, severity, cluster_id, left(coalesce(namespace, ''''), 128),'
        ' left(alertname, 128), count(*) from new_rows group by 1, 2, 3, 4, 5'
        ' on conflict (state, severity, cluster_id, namespace, alertname)'
        ' do update set n = t.n + excluded.n',
        tg_table_schema);
    return null;
end $$;

create function {schema}.count_changed() returns trigger language plpgsql as $$
begin
    execute format(
        'merge into %I.tally as t using ('
        ' select state, severity, cluster_id, left(coalesce(namespace, ''''), 128) as namespace,'
        ' left(alertname, 128) as alertname, sum(d) as d from ('
        ' select state, severity, cluster_id, namespace, alertname, 1 as d from new_rows union all'
        ' select state, severity, cluster_id, namespace, alertname, -1 from old_rows) as rows'
        ' group by 1, 2, 3, 4, 5 having sum(d) <> 0) as moved'
        ' on t.state = moved.state and t.severity = moved.severity'
        ' and t.cluster_id = moved.cluster_id and t.namespace = moved.namespace'
        ' and t.alertname = moved.alertname'
        ' when matched and t.n + moved.d = 0 then delete'
        ' when matched then update set n = t.n + moved.d'
        ' when not matched then'
        ' insert values (state, severity, cluster_id, namespace, alertname, d)',
        tg_table_schema);
    return null;
end $$;

create function {schema}.count_gone() returns trigger language plpgsql as $$
begin
    execute format(
        'merge into %I.tally as t using ('
        ' select state, severity, cluster_id, left(coalesce(namespace, ''''), 128) as namespace,'
        ' left(alertname, 128) as alertname, count(*) as d from old_rows'
        ' group by 1, 2, 3, 4, 5) as gone'
        ' on t.state = gone.state and t.severity = gone.severity'
        ' and t.cluster_id = gone.cluster_id and t.namespace = gone.namespace'
        ' and t.alertname = gone.alertname'
        ' when matched and t.n = gone.d then delete'
        ' when matched then update set n = t.n - gone.d',
        tg_table_schema);
    return null;
end $$;

create trigger count_new after insert on {schema}.open
    referencing new table as new_rows
    for each statement execute function {schema}.count_new();

create trigger count_new after insert on {schema}.past
    referencing new table as new_rows
    for each statement execute function {schema}.count_new();

create trigger count_changed after update on {schema}.open
    referencing old table as old_rows new table as new_rows
    for each statement execute function {schema}.count_changed();

create trigger count_changed after update on {schema}.past
    referencing old table as old_rows new table as new_rows
    for each statement execute function {schema}.count_changed();

create trigger count_gone after delete on {schema}.open
    referencing old table as old_rows
    for each statement execute function {schema}.count_gone();

create trigger count_gone after delete on {schema}.past
    referencing old table as old_rows
    for each statement execute function {schema}.count_gone()
