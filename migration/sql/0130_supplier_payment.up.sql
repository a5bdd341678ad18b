-- Payments of suppliers, and their reversals. Only service::posting writes here, and a row never changes.

create table supplier_payment (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    kind text not null,
    supplier_id uuid not null,
    -- Negative in a reversal.
    amount numeric(18, 4) not null,
    -- The payment that a reversal takes back.
    original_id uuid,
    reason text,
    reference text,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint supplier_payment_pkey primary key (tenant_id, id),
    constraint supplier_payment_number_key unique (tenant_id, number),
    constraint supplier_payment_supplier_fkey foreign key (tenant_id, supplier_id) references supplier (tenant_id, id),
    constraint supplier_payment_original_fkey foreign key (tenant_id, original_id)
        references supplier_payment (tenant_id, id),
    constraint supplier_payment_kind_known check (kind in ('payment', 'reversal')),
    constraint supplier_payment_original check ((kind = 'reversal') = (original_id is not null)),
    constraint supplier_payment_sign check (case kind when 'payment' then amount > 0 else amount < 0 end)
);
create index supplier_payment_by_supplier on supplier_payment (tenant_id, supplier_id, id);
-- A payment is taken back once.
create unique index supplier_payment_original_key on supplier_payment (tenant_id, original_id)
    where original_id is not null;

-- The bills that a payment pays, or that a reversal opens again.
create table supplier_payment_part (
    tenant_id uuid not null,
    payment_id uuid not null,
    bill_id uuid not null,
    amount numeric(18, 4) not null,
    constraint supplier_payment_part_pkey primary key (tenant_id, payment_id, bill_id),
    constraint supplier_payment_part_payment_fkey foreign key (tenant_id, payment_id)
        references supplier_payment (tenant_id, id),
    constraint supplier_payment_part_bill_fkey foreign key (tenant_id, bill_id) references bill (tenant_id, id)
);
create index supplier_payment_part_by_bill on supplier_payment_part (tenant_id, bill_id);
