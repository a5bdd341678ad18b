-- Lines of bank statements, each stored once by the bank's reference. A row never changes. The payment that a line was accepted as has
-- the id of the line.

create table bank_line (
    tenant_id uuid not null constraint bank_line_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    -- The tenant's own account, as the statement names it: an IBAN or a number.
    account text not null,
    -- The bank's reference, unique for the account.
    reference text not null,
    booked_on date not null,
    -- Above zero if the money came in.
    amount numeric(18, 4) not null,
    counterparty text not null,
    -- What the payer wrote.
    text text not null,
    recorded_at timestamptz not null,
    constraint bank_line_pkey primary key (tenant_id, id),
    constraint bank_line_reference_key unique (tenant_id, account, reference)
);
