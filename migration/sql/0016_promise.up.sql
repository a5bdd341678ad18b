-- Backorders and promises. Only service::posting writes here.

alter table sales_order
    add column policy text not null default 'ship_complete',
    add column priority smallint not null default 0,
    add constraint sales_order_policy_known check (policy in ('ship_complete', 'partial', 'backorder')),
    add constraint sales_order_priority_range check (priority between 0 and 9);

-- `cancelled` units will not be delivered. `backordered` units wait for stock since `backordered_at` and are promised
-- for a day.
alter table sales_order_line
    add column backordered numeric(18, 6) not null default 0,
    add column cancelled numeric(18, 6) not null default 0,
    add column backordered_at timestamptz,
    add column promised_on date,
    drop constraint sales_order_line_flow,
    add constraint sales_order_line_flow check (
        reserved >= 0 and shipped >= 0 and invoiced >= 0 and backordered >= 0 and cancelled >= 0
        and reserved + shipped + backordered + cancelled <= quantity and invoiced <= shipped
    ),
    add constraint sales_order_line_waits check ((backordered > 0) = (backordered_at is not null));
create index sales_order_line_waiting on sales_order_line (tenant_id, product_id) where backordered_at is not null;

-- `backordered`: units that orders wait for on the level; a transaction that locks it allocates available stock to
-- them. `claimed`: whether the level may have till or channel allotments.
alter table stock_level
    add column backordered numeric(18, 6) not null default 0,
    add column claimed boolean not null default false,
    add constraint stock_level_backordered_not_negative check (backordered >= 0);

-- The supplies to which a promise is pegged.
create table peg (
    tenant_id uuid not null,
    order_id uuid not null,
    line_no integer not null,
    peg_no integer not null,
    expected_receipt_id uuid,
    transfer_id uuid,
    supply_line_no integer not null,
    quantity numeric(18, 6) not null,
    -- The expected day of the supply when the promise was made.
    expected_on date not null,
    constraint peg_pkey primary key (tenant_id, order_id, line_no, peg_no),
    constraint peg_order_line_fkey foreign key (tenant_id, order_id, line_no)
        references sales_order_line (tenant_id, order_id, line_no),
    constraint peg_expected_fkey foreign key (tenant_id, expected_receipt_id, supply_line_no)
        references expected_receipt_line (tenant_id, expected_receipt_id, line_no),
    constraint peg_transfer_fkey foreign key (tenant_id, transfer_id, supply_line_no)
        references transfer_line (tenant_id, transfer_id, line_no),
    constraint peg_one_supply check ((expected_receipt_id is null) <> (transfer_id is null)),
    constraint peg_quantity_positive check (quantity > 0)
);
create index peg_by_expected on peg (tenant_id, expected_receipt_id, supply_line_no)
    where expected_receipt_id is not null;
create index peg_by_transfer on peg (tenant_id, transfer_id, supply_line_no) where transfer_id is not null;

-- Till and channel allotments are holds that a till or a channel may use.
alter table hold
    add column register_id uuid,
    add column channel text,
    add constraint hold_register_fkey foreign key (tenant_id, register_id) references register (tenant_id, id),
    add constraint hold_channel_known check (channel in ('wholesale', 'retail')),
    drop constraint hold_kind_known,
    add constraint hold_kind_known check (kind in ('hold', 'quarantine', 'till_lease', 'channel_floor')),
    drop constraint hold_ends,
    add constraint hold_ends check ((kind <> 'quarantine') = (expires_at is not null)),
    add constraint hold_is_for_a_till check ((kind = 'till_lease') = (register_id is not null)),
    add constraint hold_is_for_a_channel check ((kind = 'channel_floor') = (channel is not null));
