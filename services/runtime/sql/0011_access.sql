-- Who has made a token, and when it was shown last (to within a minute).
alter table aiops.token
    add column created_by text,
    add column last_used_at timestamptz;

-- Sessions are told of and ended one by one, and all of a user at once.
alter table aiops.session
    add column id uuid not null default gen_random_uuid(),
    add column method text not null default 'code',
    add column groups text[] not null default '{}',
    add column address text,
    add column last_used_at timestamptz;
create unique index session_id on aiops.session (id);
create index session_actor on aiops.session (actor);
