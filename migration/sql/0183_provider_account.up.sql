-- Accounts at providers with which users sign in. The first sign-in ties an account to the user who has its e-mail address.
create table provider_account (
    tenant_id uuid not null constraint provider_account_tenant_fkey references tenant (tenant_id),
    provider_id uuid not null,
    -- SHA-256 of the subject, by which the provider names the account.
    subject_hash bytea not null,
    user_id uuid not null,
    created_at timestamptz not null,
    constraint provider_account_pkey primary key (tenant_id, provider_id, subject_hash),
    constraint provider_account_user_key unique (tenant_id, user_id, provider_id),
    constraint provider_account_provider_fkey foreign key (tenant_id, provider_id) references identity_provider (tenant_id, id),
    constraint provider_account_user_fkey foreign key (tenant_id, user_id) references app_user (tenant_id, id)
);
