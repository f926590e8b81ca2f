-- Publishers of commands from outside: what each may do. Its password is at the NATS server alone.
create table aiops.publisher (
    name text primary key,
    role text not null,
    clusters text[] not null default '{}',
    created_at timestamptz not null
);

-- The one that every hub has from the start, and that could do everything until now.
insert into aiops.publisher (name, role, created_at) values ('outside', 'admin', now());
