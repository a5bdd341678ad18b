-- Goods that left before the record had them, and counts. Only service::posting writes here.

-- When the level was last counted: what happened by then is in the count, whenever we learn of it.
alter table stock_level add column counted_at timestamptz;

-- A settlement has value and no goods: it corrects what goods below zero were provisionally said to cost.
alter table stock_movement drop constraint stock_movement_kind_known;
alter table stock_movement add constraint stock_movement_kind_known check (
    kind in (
        'receipt', 'sale', 'return', 'transfer_out', 'transfer_in', 'adjustment', 'count', 'supplier_return',
        'opening', 'settlement'
    )
) not valid;
alter table stock_movement validate constraint stock_movement_kind_known;

-- Goods that went below zero at a provisional cost. The next ones that come in settle it, the oldest first. Like
-- movements, they have no foreign keys to the level.
create table cost_to_settle (
    tenant_id uuid not null constraint cost_to_settle_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    location_id uuid not null,
    product_id uuid not null,
    lot_id uuid not null,
    document_kind text not null,
    document_id uuid not null,
    line_no integer not null,
    channel text,
    quantity numeric(18, 6) not null,
    value numeric(18, 4) not null,
    open_quantity numeric(18, 6) not null,
    open_value numeric(18, 4) not null,
    variance numeric(18, 4) not null default 0,
    settled_at timestamptz,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint cost_to_settle_pkey primary key (tenant_id, id),
    constraint cost_to_settle_flow check (
        quantity > 0 and value >= 0 and open_quantity between 0 and quantity and open_value between 0 and value
    ),
    constraint cost_to_settle_ends check ((settled_at is null) = (open_quantity > 0)),
    constraint cost_to_settle_settled_is_worthless check (open_quantity > 0 or open_value = 0)
) with (fillfactor = 85);
create index cost_to_settle_open on cost_to_settle (tenant_id, location_id, product_id) where settled_at is null;
