-- Wrong codes and wrong passwords, which all servers count together. A row is deleted some time after its failures no longer count.
create table failed_attempt (
    tenant_id uuid not null constraint failed_attempt_tenant_fkey references tenant (tenant_id),
    -- SHA-256 of the text that says what is counted: the codes of a user, or the passwords for an address from a network.
    key bytea not null,
    failures integer not null,
    -- When the failures no longer count.
    ends_at timestamptz not null,
    constraint failed_attempt_pkey primary key (tenant_id, key)
);
create index failed_attempt_ends on failed_attempt (tenant_id, ends_at);
