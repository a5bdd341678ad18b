-- Lots and serial numbers, traced from the supplier to every customer. Only service::posting and service::lot write
-- here.
create table lot (
    tenant_id uuid not null,
    id uuid not null,
    product_id uuid not null,
    -- Printed on the product.
    code text not null,
    expires_on date,
    supplier_lot text,
    received_from text,
    received_at timestamptz not null,
    status text not null,
    version integer not null,
    updated_at timestamptz not null,
    command_id uuid not null,
    constraint lot_pkey primary key (tenant_id, id),
    constraint lot_code_key unique (tenant_id, product_id, code),
    constraint lot_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id),
    constraint lot_status_known check (status in ('open', 'recalled'))
);
create index lot_by_code on lot (tenant_id, code);
create index lot_by_expiry on lot (tenant_id, expires_on) where expires_on is not null;

create table lot_recall (
    tenant_id uuid not null,
    lot_id uuid not null,
    reason text not null,
    recalled_at timestamptz not null,
    command_id uuid not null,
    constraint lot_recall_pkey primary key (tenant_id, lot_id),
    constraint lot_recall_lot_fkey foreign key (tenant_id, lot_id) references lot (tenant_id, id)
);

-- A line of a hold or transfer has one lot; nil if the product is not tracked.
alter table hold_line add column lot_id uuid not null default '00000000-0000-0000-0000-000000000000';
alter table transfer_line add column lot_id uuid not null default '00000000-0000-0000-0000-000000000000';
create index hold_line_by_lot on hold_line (tenant_id, lot_id)
    where lot_id <> '00000000-0000-0000-0000-000000000000';

-- Find the documents of a lot, and the lots of a document. Untracked products are left out, so that it costs them
-- nothing.
create index stock_movement_by_lot on stock_movement (tenant_id, lot_id, id)
    where lot_id <> '00000000-0000-0000-0000-000000000000';
create index stock_movement_lots_of on stock_movement (tenant_id, document_id)
    where lot_id <> '00000000-0000-0000-0000-000000000000';

-- Days of remaining shelf life that the customer requires.
alter table customer
    add column min_remaining_life_days integer not null default 0,
    add constraint customer_life_range check (min_remaining_life_days between 0 and 3650);

-- Until now tracking had no effect, and tracked products were received without lots. Products that have stock become
-- untracked. The owner of the tables sees every tenant while row-level security is not forced on it.
alter table product no force row level security;
alter table stock_level no force row level security;
update product p set tracking = 'none', version = version + 1, updated_at = now()
where p.tracking <> 'none'
    and exists (select 1 from stock_level l where l.tenant_id = p.tenant_id and l.product_id = p.id);
alter table product force row level security;
alter table stock_level force row level security;
