-- Without it nobody can tell which command id an Idempotency-Key stands for, and take it before.
create table aiops.command_id_secret (secret text not null);
insert into aiops.command_id_secret values (gen_random_uuid()::text || gen_random_uuid()::text);
