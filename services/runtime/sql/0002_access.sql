-- API tokens: only their SHA-256 is here.
create table aiops.token (
    id uuid primary key,
    name text not null,
    hash bytea not null unique,
    role text not null,
    clusters text[] not null default '{}',
    created_at timestamptz not null,
    expires_at timestamptz,
    revoked_at timestamptz
);

-- One-time login codes and the sessions they become; hashes only.
create table aiops.login_code (
    hash bytea primary key,
    expires_at timestamptz not null
);

create table aiops.session (
    hash bytea primary key,
    actor text not null,
    role text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null
);
