-- The costing method: a setting, which a product may override.
alter table tenant
    add column costing_method text not null default 'moving_average',
    add constraint tenant_costing_method_known check (costing_method in ('moving_average', 'fifo'));
alter table product
    add column costing_method text,
    add constraint product_costing_method_known check (costing_method in ('moving_average', 'fifo'));

-- Whether the level has cost layers. A level adopts its product's method with its next movement.
alter table stock_level add column layered boolean not null default false;

-- What is left of each receipt, at its own cost. The layers of a level add up to the level, whose row is their lock.
-- A used-up layer is deleted.
create table cost_layer (
    tenant_id uuid not null,
    location_id uuid not null,
    product_id uuid not null,
    lot_id uuid not null,
    id uuid not null,
    received_at timestamptz not null,
    quantity numeric(18, 6) not null,
    value numeric(18, 4) not null,
    document_kind text not null,
    document_id uuid not null,
    line_no integer not null,
    recorded_at timestamptz not null,
    constraint cost_layer_pkey primary key (tenant_id, location_id, product_id, lot_id, id),
    constraint cost_layer_level_fkey foreign key (tenant_id, location_id, product_id, lot_id)
        references stock_level (tenant_id, location_id, product_id, lot_id),
    constraint cost_layer_quantity_positive check (quantity > 0),
    constraint cost_layer_value_not_negative check (value >= 0)
) with (fillfactor = 70);

-- A revaluation: a stock document whose movements have no quantity.
alter table stock_movement
    drop constraint stock_movement_kind_known,
    add constraint stock_movement_kind_known check (
        kind in (
            'receipt', 'sale', 'return', 'transfer_out', 'transfer_in', 'adjustment', 'count', 'supplier_return',
            'opening', 'settlement', 'revaluation'
        )
    );
alter table stock_document
    drop constraint stock_document_kind_known,
    add constraint stock_document_kind_known check (kind in ('receipt', 'opening', 'adjustment', 'revaluation'));
drop index stock_movement_by_document;
create index stock_movement_by_document on stock_movement (tenant_id, document_id)
    where document_kind in ('receipt', 'opening', 'adjustment', 'revaluation');

-- The account for revaluations and their reason codes, where the codes are free. Row-level security holds for the
-- owner of the tables as well; the migrator sees every tenant.
reset role;
insert into account (tenant_id, code, name, kind)
select tenant_id, '5400', 'Inventory revaluation', 'expense' from tenant
on conflict do nothing;
insert into reason_code (tenant_id, code, name, account_code)
select t.tenant_id, r.code, r.name, '5400'
from tenant t
cross join (values ('revaluation', 'New valuation'), ('write_down', 'Write-down to market value')) r (code, name)
on conflict do nothing;
set local role stockwell_owner;
