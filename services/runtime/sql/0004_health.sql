-- How clusters were, check by check. What stayed the same from one check to the next is one run, so
-- that seven days of a quiet cluster are one row, not twenty thousand. Durable: telemetry, where this
-- comes from, ages out earlier.
create table aiops.health_run (
    cluster_id uuid not null,
    since timestamptz not null,
    until timestamptz not null,
    checks bigint not null default 1,
    answered boolean not null,
    state text not null,
    health_score bigint,
    -- What was found by the last check of the run, check by check.
    found jsonb not null,
    primary key (cluster_id, since)
);
create index on aiops.health_run (cluster_id, until desc) where answered;

-- Takes in one round of checks. Told again, or out of order, it changes nothing. A pause of more than
-- an hour begins a new run: nobody knows what was in between.
create function aiops.health_checked(
    of_cluster uuid, at timestamptz, did_answer boolean, in_state text, with_score bigint,
    what_found jsonb
) returns void language plpgsql as $$
declare
    run aiops.health_run;
begin
    select * into run from aiops.health_run
    where cluster_id = of_cluster order by since desc limit 1;
    if found and at <= run.until then
        return;
    end if;
    if found and at - run.until < interval '1 hour' and run.answered = did_answer
        and run.state = in_state and run.health_score is not distinct from with_score
    then
        update aiops.health_run set until = at, checks = checks + 1, found = what_found
        where cluster_id = of_cluster and since = run.since;
        return;
    end if;
    insert into aiops.health_run (cluster_id, since, until, answered, state, health_score, found)
    values (of_cluster, at, at, did_answer, in_state, with_score, what_found);
    delete from aiops.health_run where cluster_id = of_cluster and until < at - interval '7 days';
end $$;
