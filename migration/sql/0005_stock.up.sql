-- The stock record. Only service::posting writes here.

create table location (
    tenant_id uuid not null constraint location_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    code text not null,
    name text not null,
    kind text not null,
    channels text[] not null default '{wholesale,retail}',
    version integer not null default 1,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint location_pkey primary key (tenant_id, id),
    constraint location_code_key unique (tenant_id, code),
    constraint location_kind_known check (kind in ('warehouse', 'store', 'transit', 'quarantine'))
);

-- lot_id is the nil uuid if the product is not tracked.
create table stock_level (
    tenant_id uuid not null,
    location_id uuid not null,
    product_id uuid not null,
    lot_id uuid not null default '00000000-0000-0000-0000-000000000000',
    on_hand numeric(18, 6) not null default 0,
    reserved numeric(18, 6) not null default 0,
    value numeric(18, 4) not null default 0,
    last_cost numeric(18, 6) not null default 0,
    forced boolean not null default false,
    moved_at timestamptz not null,
    constraint stock_level_pkey primary key (tenant_id, location_id, product_id, lot_id),
    constraint stock_level_location_fkey foreign key (tenant_id, location_id) references location (tenant_id, id),
    constraint stock_level_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id),
    constraint stock_level_on_hand_not_negative check (on_hand >= 0 or forced),
    constraint stock_level_reserved_not_negative check (reserved >= 0),
    constraint stock_level_reserved_within_on_hand check (reserved <= on_hand or forced),
    constraint stock_level_empty_is_worthless check (on_hand <> 0 or value = 0)
) with (fillfactor = 70);
create index stock_level_by_product on stock_level (tenant_id, product_id);

create table stock_movement (
    tenant_id uuid not null,
    product_id uuid not null,
    location_id uuid not null,
    lot_id uuid not null,
    id uuid not null,
    kind text not null,
    quantity numeric(18, 6) not null,
    value numeric(18, 4) not null,
    unit_cost numeric(18, 6) not null,
    document_kind text not null,
    document_id uuid not null,
    line_no integer not null,
    channel text,
    reason text,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    entry_mode text not null,
    source_system text,
    command_id uuid not null,
    constraint stock_movement_pkey primary key (tenant_id, product_id, location_id, id),
    constraint stock_movement_kind_known check (
        kind in (
            'receipt', 'sale', 'return', 'transfer_out', 'transfer_in', 'adjustment', 'count', 'supplier_return',
            'opening'
        )
    )
);

-- Stock documents read their lines by this index. Sales are left out, so that it costs them nothing.
create index stock_movement_by_document on stock_movement (tenant_id, document_id)
    where document_kind in ('receipt', 'opening', 'adjustment');
create index stock_movement_by_time on stock_movement using brin (recorded_at) with (autosummarize = on);

-- Reservations lower availability and move no stock.
create table reservation (
    tenant_id uuid not null,
    document_id uuid not null,
    line_no integer not null,
    location_id uuid not null,
    product_id uuid not null,
    lot_id uuid not null,
    kind text not null,
    quantity numeric(18, 6) not null,
    priority smallint not null default 0,
    expires_at timestamptz,
    created_at timestamptz not null,
    constraint reservation_pkey primary key (tenant_id, document_id, line_no, location_id, lot_id),
    constraint reservation_level_fkey foreign key (tenant_id, location_id, product_id, lot_id)
        references stock_level (tenant_id, location_id, product_id, lot_id),
    constraint reservation_kind_known check (kind in ('order', 'hold', 'quarantine', 'till_lease', 'channel_floor')),
    constraint reservation_quantity_positive check (quantity > 0)
);
create index reservation_by_level on reservation (tenant_id, location_id, product_id, lot_id);

-- Reasons of adjustments, each with its account.
create table reason_code (
    tenant_id uuid not null,
    code text not null,
    name text not null,
    account_code text not null,
    constraint reason_code_pkey primary key (tenant_id, code)
);

-- Header of a receipt, opening or adjustment. Its lines are the movements.
create table stock_document (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    kind text not null,
    location_id uuid not null,
    reason text,
    reference text,
    value numeric(18, 4) not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint stock_document_pkey primary key (tenant_id, id),
    constraint stock_document_number_key unique (tenant_id, number),
    constraint stock_document_location_fkey foreign key (tenant_id, location_id) references location (tenant_id, id),
    constraint stock_document_kind_known check (kind in ('receipt', 'opening', 'adjustment'))
);
