-- A build may be folded by several writers at once, each of a share of the clusters. Its own
-- sequence is then the least of theirs: everything up to it is in the rows.
alter table aiops.projection add column partitions int not null default 1;
-- Until then nobody writes it, because another build is about to take its place.
alter table aiops.projection add column still_until timestamptz;

-- Where each partition stands. Whoever takes one over gets a new epoch, which ends the writing of
-- the one before, be it alive or not.
create table aiops.projection_partition (
    name text not null,
    slot text not null,
    partition int not null,
    sequence bigint not null default 0,
    epoch bigint not null default 0,
    updated_at timestamptz not null default now(),
    primary key (name, slot, partition),
    foreign key (name, slot) references aiops.projection on update cascade on delete cascade
);

-- Unique over all builds, so that no writer of an old one takes a new one for its own.
create sequence aiops.projection_epoch;

-- Moves the checkpoint of a partition, or fails the transaction of a writer that is no longer the
-- one. Tells up to where all partitions of the build have come.
create function aiops.advance_partition(
    of_name text, in_slot text, of_version int, of_partition int, in_epoch bigint,
    from_sequence bigint, to_sequence bigint
) returns bigint language plpgsql as $$
declare
    still timestamptz;
    everywhere bigint;
begin
    -- Partitions of a build commit one after the other: each sees where the others are.
    select still_until into still from aiops.projection
    where name = of_name and slot = in_slot and version = of_version for no key update;
    if still > clock_timestamp() then
        raise exception 'projection % stands still for a moment', of_name
            using errcode = 'lock_not_available';
    end if;
    update aiops.projection_partition
    set sequence = to_sequence, updated_at = clock_timestamp()
    where name = of_name and slot = in_slot and partition = of_partition
      and epoch = in_epoch and sequence = from_sequence;
    if not found then
        raise exception 'projection % (%): another process writes partition %',
            of_name, in_slot, of_partition using errcode = 'serialization_failure';
    end if;
    select min(sequence) into everywhere from aiops.projection_partition
    where name = of_name and slot = in_slot;
    update aiops.projection set sequence = everywhere, updated_at = clock_timestamp()
    where name = of_name and slot = in_slot;
    return everywhere;
end $$;

-- As before, but not for a build that is partitioned by now: its one writer is then one too many.
create or replace function aiops.advance(
    of_name text, in_slot text, of_version int, from_sequence bigint, to_sequence bigint
) returns void language plpgsql as $$
begin
    update aiops.projection set sequence = to_sequence, updated_at = clock_timestamp()
    where name = of_name and slot = in_slot and version = of_version
      and sequence = from_sequence and partitions = 1;
    if not found then
        raise exception 'projection % (%): checkpoint is not at %', of_name, in_slot,
            from_sequence using errcode = 'serialization_failure';
    end if;
end $$;
