-- Logins that have begun at an identity provider: each is good once, and in the browser that began it.
create table aiops.login_attempt (
    state_hash bytea primary key,
    browser_hash bytea not null,
    verifier text not null,
    nonce text not null,
    back text not null,
    expires_at timestamptz not null
);
