-- What stood before a change and is told nowhere else goes among what was. A batch writes an
-- occurrence once: what events in between left of it is there by then, and ends what stood before.

create function {schema}.keep_replaced() returns trigger language plpgsql as $$
begin
    -- Repeats are told at no event.
    if exists (select from old_rows o join new_rows n using (id) where n.seq > o.seq) then
        execute format(
            'insert into %1$I.was ({same}, state, ends_at, ending, began, seq)'
            ' with both_rows as (select o.*, least(n.seq, n.began) as until'
            ' from old_rows o join new_rows n on n.id = o.id and n.seq > o.seq)'
            ' select {same}, state, ends_at, ending, seq, least(until, (select min(w.began)'
            ' from %1$I.was w where w.id = b.id and w.began > b.seq)) from both_rows b union all'
            ' select {same}, ''FIRING'', null, null, began, seq from both_rows where began < seq'
            ' on conflict do nothing',
            tg_table_schema);
    end if;
    return null;
end $$;

-- The first event after another at which an alert began to fire, of what fires no more. Both
-- indexes are read from there on: what came before and after costs nothing.
create function {schema}.fires_next(within text, cluster uuid, name text, after bigint)
    returns bigint language plpgsql stable as $$
declare
    found bigint;
begin
    execute format(
        'select least('
        ' (select began from %1$I.past where left(fingerprint, 128) = left($2, 128)'
        ' and cluster_id = $1 and fingerprint = $2 and began > $3 and began < seq'
        ' order by began limit 1),'
        ' (select began from %1$I.was where left(fingerprint, 128) = left($2, 128)'
        ' and cluster_id = $1 and fingerprint = $2 and began > $3 and state = ''FIRING'''
        ' order by began limit 1))', within) into found using cluster, name, after;
    return found;
end $$;

-- An open one that ends is told by the row that came for its end, if it was the same until then.
-- What is pending ends when it fires, also if all of that is in the same batch.
create function {schema}.keep_ended() returns trigger language plpgsql as $$
begin
    execute format(
        'insert into %1$I.was as k ({same}, state, began, seq)'
        ' select {same}, state, seq, until from old_rows o, lateral (select least('
        ' (select w.began from %1$I.was w where w.id = o.id and w.began > o.seq'
        ' order by w.began limit 1),'
        ' (select p.began from %1$I.past p where p.id = o.id and p.began > o.seq),'
        ' case when o.state = ''PENDING'' then %1$I.fires_next('
        ' %1$L, o.cluster_id, o.fingerprint, o.seq) end) as until) as ended'
        ' where until > o.seq and not exists'
        ' (select from %1$I.past p where p.id = o.id and p.began = o.seq)'
        ' on conflict (id, began) do update set seq = excluded.seq where excluded.seq < k.seq',
        tg_table_schema);
    return null;
end $$;

create trigger keep_replaced after update on {schema}.open
    referencing old table as old_rows new table as new_rows
    for each statement execute function {schema}.keep_replaced();

create trigger keep_replaced after update on {schema}.past
    referencing old table as old_rows new table as new_rows
    for each statement execute function {schema}.keep_replaced();

create trigger keep_ended after delete on {schema}.open
    referencing old table as old_rows
    for each statement execute function {schema}.keep_ended();

-- What is pending ends when it fires, also if the same batch says that it ended later. And of one
-- occurrence, what stood ends when something else does: two tables may be told of it in one batch.
create function {schema}.end_before() returns trigger language plpgsql as $$
begin
    execute format(
        'update %1$I.was w set seq = n.began from new_rows n, lateral'
        ' (select p.began from %1$I.was p where p.id = n.id and p.began < n.began'
        ' order by p.began desc limit 1) as before'
        ' where w.id = n.id and w.began = before.began and w.seq > n.began',
        tg_table_schema);
    if exists (select from new_rows where state = 'PENDING') then
        execute format(
            'update %1$I.was w set seq = f.began from new_rows n, lateral (select least('
            ' (select min(o.seq) from %1$I.open o where o.state = ''FIRING'' and o.seq > n.began'
            ' and left(o.fingerprint, 128) = left(n.fingerprint, 128)'
            ' and o.cluster_id = n.cluster_id and o.fingerprint = n.fingerprint),'
            ' %1$I.fires_next(%1$L, n.cluster_id, n.fingerprint, n.began)) as began) as f'
            ' where n.state = ''PENDING'' and w.id = n.id and w.began = n.began and f.began < w.seq',
            tg_table_schema);
    end if;
    return null;
end $$;

create trigger end_before after insert on {schema}.was
    referencing new table as new_rows
    for each statement execute function {schema}.end_before();
