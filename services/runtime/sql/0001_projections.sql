-- Where each projection stands; `slot` is live, or next while a rebuild is under way.
create table aiops.projection (
    name text not null,
    slot text not null check (slot in ('live', 'next')),
    version int not null,
    sequence bigint not null default 0,
    updated_at timestamptz not null default now(),
    primary key (name, slot)
);

-- Poison events that a projection has set aside.
create table aiops.projection_error (
    name text not null,
    sequence bigint not null,
    error text not null,
    at timestamptz not null default now(),
    primary key (name, sequence)
);

-- Moves a checkpoint, or fails the transaction of a writer that is no longer the one.
create function aiops.advance(
    of_name text, in_slot text, of_version int, from_sequence bigint, to_sequence bigint
) returns void language plpgsql as $$
begin
    update aiops.projection set sequence = to_sequence, updated_at = clock_timestamp()
    where name = of_name and slot = in_slot and version = of_version
      and sequence = from_sequence;
    if not found then
        raise exception 'projection % (%): checkpoint is not at %', of_name, in_slot,
            from_sequence using errcode = 'serialization_failure';
    end if;
end $$;
