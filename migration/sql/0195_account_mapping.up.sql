-- The rules that give postings of profit and loss other accounts than the default ones, as a whole.

create table account_mapping (
    tenant_id uuid not null constraint account_mapping_tenant_fkey references tenant (tenant_id),
    -- Purpose, conditions and account of each rule.
    rules jsonb not null,
    version integer not null,
    updated_at timestamptz not null,
    constraint account_mapping_pkey primary key (tenant_id)
);
