-- The register of vouchers and store credit. Its balances are the account 2300.

create table voucher (
    tenant_id uuid not null,
    id uuid not null,
    code text not null,
    status text not null,
    customer_id uuid,
    -- How it was paid for. Null: charged to an account, or issued by a refund.
    method text,
    issued numeric(18, 4) not null,
    redeemed numeric(18, 4) not null,
    balance numeric(18, 4) not null,
    expires_on date,
    -- A forced sale redeemed more than its balance.
    forced boolean not null default false,
    version integer not null default 1,
    recorded_at timestamptz not null,
    updated_at timestamptz not null,
    constraint voucher_pkey primary key (tenant_id, id),
    constraint voucher_code_key unique (tenant_id, code),
    constraint voucher_customer_fkey foreign key (tenant_id, customer_id) references customer (tenant_id, id),
    constraint voucher_status_known check (status in ('open', 'closed')),
    constraint voucher_method_known check (method in ('bank', 'card', 'cash')),
    constraint voucher_adds_up check (balance = issued - redeemed),
    constraint voucher_not_overdrawn check (balance >= 0 or forced)
) with (fillfactor = 85);
create index voucher_by_customer on voucher (tenant_id, customer_id, id) where customer_id is not null;

-- Every change of a balance, with its document: the voucher itself when it is issued, a sale or a refund.
create table voucher_move (
    tenant_id uuid not null,
    voucher_id uuid not null,
    document_id uuid not null,
    document_kind text not null,
    amount numeric(18, 4) not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    command_id uuid,
    constraint voucher_move_pkey primary key (tenant_id, voucher_id, document_id),
    constraint voucher_move_voucher_fkey foreign key (tenant_id, voucher_id) references voucher (tenant_id, id),
    constraint voucher_move_amount_not_zero check (amount <> 0)
);

-- The next step reads the journal of every tenant, which the owner of the tables sees while row-level security is not forced
-- on it. Every other role stays behind the wall.
alter table journal_line no force row level security;
