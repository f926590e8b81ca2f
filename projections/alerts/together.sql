-- What people look for a word in, ready to be looked through: 25 instead of 60 ms for 100,000.
alter table {schema}.open add column words text generated always as (lower(
    alertname || E'\n' || coalesce(annotations->>'summary', '')
    || E'\n' || coalesce(annotations->>'description', ''))) stored;

-- All occurrences, for whoever has only an id or asks for open and past ones at once.
create view {schema}.occurrence as
    select {columns} from {schema}.open union all select {columns} from {schema}.past;

-- An alert that fires is not pending any more, and an occurrence that goes on has not ended.
-- The functions name their schema at run time, because a rebuild renames it.
create function {schema}.begin_occurrence() returns trigger language plpgsql as $$
begin
    execute format(
        'delete from %I.open o using new_rows n where o.state = ''PENDING'' and n.state = ''FIRING'''
        ' and o.cluster_id = n.cluster_id and o.fingerprint = n.fingerprint'
        ' and left(o.fingerprint, 128) = left(n.fingerprint, 128) and o.seq < n.seq',
        tg_table_schema);
    execute format(
        'delete from %I.past p using new_rows n where p.id = n.id and p.seq < n.seq',
        tg_table_schema);
    return null;
end $$;

-- What was told of an open occurrence besides events goes with it when it has ended.
create function {schema}.end_occurrence() returns trigger language plpgsql as $$
begin
    execute format(
        'update %I.past p set occurrences = p.occurrences + o.occurrences - 1,'
        ' last_seen_at = greatest(p.last_seen_at, o.last_seen_at)'
        ' from old_rows o where o.id = p.id and o.occurrences > 1',
        tg_table_schema);
    return null;
end $$;

create trigger begin_occurrence after insert on {schema}.open
    referencing new table as new_rows
    for each statement execute function {schema}.begin_occurrence();

create trigger end_occurrence after delete on {schema}.open
    referencing old table as old_rows
    for each statement execute function {schema}.end_occurrence();

