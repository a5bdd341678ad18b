-- Costs to settle, and counts. Only service::posting writes here.

-- When the level was last counted. The count includes every earlier movement, even if it is recorded later.
alter table stock_level add column counted_at timestamptz;

-- A settlement has a value and no quantity: it corrects a provisional cost.
alter table stock_movement drop constraint stock_movement_kind_known;
alter table stock_movement add constraint stock_movement_kind_known check (
    kind in (
        'receipt', 'sale', 'return', 'transfer_out', 'transfer_in', 'adjustment', 'count', 'supplier_return',
        'opening', 'settlement', 'revaluation'
    )
);

-- Units issued below zero at a provisional cost. Later receipts settle it, the oldest first. Like movements, these
-- rows have no foreign keys to the level.
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

-- The limits of counts.
create table count_setting (
    tenant_id uuid not null constraint count_setting_tenant_fkey references tenant (tenant_id),
    tolerance_percent numeric(9, 6),
    tolerance_value numeric(18, 4),
    approval_value numeric(18, 4),
    version integer not null,
    updated_at timestamptz not null,
    constraint count_setting_pkey primary key (tenant_id),
    constraint count_setting_range check (
        tolerance_percent between 0 and 100 and tolerance_value >= 0 and approval_value >= 0
    )
);

create table stock_count (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    location_id uuid not null,
    status text not null,
    blind boolean not null,
    tolerance_percent numeric(9, 6),
    tolerance_value numeric(18, 4),
    reference text,
    -- The adjustment that was posted, if there was a difference.
    document_id uuid,
    round integer not null,
    recorded_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null,
    command_id uuid not null,
    constraint stock_count_pkey primary key (tenant_id, id),
    constraint stock_count_number_key unique (tenant_id, number),
    constraint stock_count_location_fkey foreign key (tenant_id, location_id) references location (tenant_id, id),
    constraint stock_count_document_fkey foreign key (tenant_id, document_id)
        references stock_document (tenant_id, id),
    constraint stock_count_status_known check (
        status in ('counting', 'recount', 'counted', 'posted', 'cancelled')
    ),
    constraint stock_count_posts_once check (document_id is null or status = 'posted')
) with (fillfactor = 85);

create table stock_count_line (
    tenant_id uuid not null,
    count_id uuid not null,
    line_no integer not null,
    product_id uuid not null,
    round integer not null,
    recount boolean not null,
    counted numeric(18, 6),
    counted_at timestamptz,
    expected numeric(18, 6),
    -- The posted difference and its cost.
    posted_quantity numeric(18, 6),
    posted_value numeric(18, 4),
    superseded boolean not null,
    constraint stock_count_line_pkey primary key (tenant_id, count_id, line_no),
    constraint stock_count_line_product_key unique (tenant_id, count_id, product_id),
    constraint stock_count_line_count_fkey foreign key (tenant_id, count_id) references stock_count (tenant_id, id),
    constraint stock_count_line_figure check ((counted is null) = (counted_at is null) and counted >= 0)
) with (fillfactor = 85);
create index stock_count_line_by_product on stock_count_line (tenant_id, product_id) where posted_quantity is not null;

-- Every entry of a count. Those of the last round add up to the line's figure.
create table stock_count_entry (
    tenant_id uuid not null,
    id uuid not null,
    count_id uuid not null,
    line_no integer not null,
    round integer not null,
    uom text not null,
    entered numeric(18, 6) not null,
    factor numeric(18, 6) not null,
    quantity numeric(18, 6) not null,
    replaces boolean not null,
    counted_at timestamptz not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint stock_count_entry_pkey primary key (tenant_id, id),
    constraint stock_count_entry_count_fkey foreign key (tenant_id, count_id) references stock_count (tenant_id, id),
    constraint stock_count_entry_not_negative check (entered >= 0 and factor > 0 and quantity >= 0)
);
create index stock_count_entry_by_count on stock_count_entry (tenant_id, count_id);

-- Reorder point and quantity. A nil location_id stands for all locations without their own setting.
create table reorder_setting (
    tenant_id uuid not null,
    product_id uuid not null,
    location_id uuid not null default '00000000-0000-0000-0000-000000000000',
    reorder_point numeric(18, 6),
    reorder_quantity numeric(18, 6),
    constraint reorder_setting_pkey primary key (tenant_id, product_id, location_id),
    constraint reorder_setting_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id),
    constraint reorder_setting_range check (reorder_point >= 0 and reorder_quantity > 0)
);

-- The reason code of counts. Row-level security holds for the owner of the tables as well; the migrator sees every
-- tenant.
reset role;
insert into reason_code (tenant_id, code, name, account_code)
select tenant_id, 'count', 'Counted', '5100' from tenant
on conflict do nothing;
set local role stockwell_owner;
