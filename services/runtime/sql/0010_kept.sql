-- When the telemetry stream was made that a position is in: another one counts from 1 again.
alter table aiops.kept add column born timestamptz;

-- Partitions of a table, and when each begins. By its name, which is looked at only if it is one:
-- PostgreSQL may ask of every relation whether it is of a time before it asks whose it is.
create or replace function aiops.partitions_of(of_table text)
returns table (part text, since timestamptz) language sql stable as $$
    select c.relname::text, case when c.relname ~ '_[0-9]{10}$'
        then to_timestamp(right(c.relname, 10) || '+00', 'YYYYMMDDHH24TZH') end
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = ('aiops.' || of_table)::regclass and not i.inhdetachpending
$$;
