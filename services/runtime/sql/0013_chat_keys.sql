-- Keys of chats, each sealed with the vault's: without its key nothing that was said can be read.
create table aiops.chat_key (
    session_id uuid primary key,
    envelope bytea not null,
    created_at timestamptz not null
);
