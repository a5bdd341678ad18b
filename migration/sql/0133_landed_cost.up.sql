-- Landed costs: freight, duty and the like, spread over lines of receipts. Only service::posting writes here.

create table landed_cost (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    spread_by text not null,
    reference text,
    -- Of a reversal.
    reason text,
    -- The sum of the charges; below zero in a reversal.
    value numeric(18, 4) not null,
    -- Each with its kind, its amount as a text, and the account that is credited.
    charges jsonb not null,
    -- The landed cost that a reversal takes back, and the reversal that took this one back.
    original_id uuid,
    reversed_by_id uuid,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null,
    command_id uuid not null,
    constraint landed_cost_pkey primary key (tenant_id, id),
    constraint landed_cost_number_key unique (tenant_id, number),
    -- A landed cost is reversed once.
    constraint landed_cost_original_key unique (tenant_id, original_id),
    constraint landed_cost_original_fkey foreign key (tenant_id, original_id) references landed_cost (tenant_id, id),
    constraint landed_cost_reversed_by_fkey foreign key (tenant_id, reversed_by_id) references landed_cost (tenant_id, id),
    constraint landed_cost_spread_by_known check (spread_by in ('value', 'quantity', 'weight', 'volume')),
    constraint landed_cost_value_sign check ((original_id is null) = (value > 0) and value <> 0)
) with (fillfactor = 85);
create index landed_cost_by_reference on landed_cost (tenant_id, reference) where reference is not null;

create table landed_cost_line (
    tenant_id uuid not null,
    landed_cost_id uuid not null,
    line_no integer not null,
    stock_document_id uuid not null,
    receipt_line_no integer not null,
    product_id uuid not null,
    -- Nil if the product is not tracked.
    lot_id uuid not null,
    location_id uuid not null,
    -- Stock units received.
    quantity numeric(18, 6) not null,
    -- The cost, units, weight or volume by which the line has its share.
    basis numeric(18, 6) not null,
    -- Its share of all charges; below zero in a reversal.
    value numeric(18, 4) not null,
    -- Stock units that were held, and the part of the share that changed the value of the stock.
    held numeric(18, 6) not null,
    held_value numeric(18, 4) not null,
    constraint landed_cost_line_pkey primary key (tenant_id, landed_cost_id, line_no),
    constraint landed_cost_line_document_fkey foreign key (tenant_id, landed_cost_id)
        references landed_cost (tenant_id, id),
    constraint landed_cost_line_receipt_fkey foreign key (tenant_id, stock_document_id)
        references stock_document (tenant_id, id),
    constraint landed_cost_line_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id),
    constraint landed_cost_line_location_fkey foreign key (tenant_id, location_id) references location (tenant_id, id),
    constraint landed_cost_line_held_range check (held between 0 and quantity and basis >= 0),
    constraint landed_cost_line_share_range check (abs(held_value) <= abs(value) and held_value * value >= 0)
);
create index landed_cost_line_by_receipt on landed_cost_line (tenant_id, stock_document_id);

-- The account of what is not billed yet, where the code is free. The migrator sees every tenant.
reset role;
insert into account (tenant_id, code, name, kind)
select tenant_id, '2110', 'Landed cost accrued', 'liability' from tenant
on conflict do nothing;
set local role stockwell_owner;
