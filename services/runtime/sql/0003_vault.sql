-- Credentials of clusters, sealed by the vault (AES-256-GCM). Nothing here can be read without its key.
create table aiops.secret (
    cluster_id uuid not null,
    name text not null,
    envelope bytea not null,
    key_id text not null,
    fingerprint text not null,
    updated_at timestamptz not null,
    primary key (cluster_id, name)
);

-- Material on its way to the command that will take it: one-time references, of which only the
-- SHA-256 is here. `command_id` is the one command that has taken it.
create table aiops.deposit (
    id uuid primary key,
    hash bytea not null unique,
    bound_to text not null,
    envelope bytea not null,
    expires_at timestamptz not null,
    command_id uuid
);

create index deposit_expires_at on aiops.deposit (expires_at);
