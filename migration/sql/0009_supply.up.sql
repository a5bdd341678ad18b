-- Holds, transfers and expected receipts. Only service::posting writes here.

-- The earliest expiry of a reservation on the level; null if none expires. A transaction that locks the level after
-- that instant first releases what has expired.
alter table stock_level add column next_expiry timestamptz;

create table hold (
    tenant_id uuid not null,
    id uuid not null,
    kind text not null,
    reference text,
    location_id uuid not null,
    customer_id uuid,
    note text,
    -- As last written. An open hold that has expired no longer reserves anything.
    status text not null,
    expires_at timestamptz,
    placed_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null,
    command_id uuid not null,
    constraint hold_pkey primary key (tenant_id, id),
    constraint hold_location_fkey foreign key (tenant_id, location_id) references location (tenant_id, id),
    constraint hold_customer_fkey foreign key (tenant_id, customer_id) references customer (tenant_id, id),
    constraint hold_kind_known check (kind in ('hold', 'quarantine')),
    constraint hold_status_known check (status in ('open', 'released', 'replaced', 'used')),
    constraint hold_ends check ((kind = 'hold') = (expires_at is not null))
) with (fillfactor = 85);
create unique index hold_reference_key on hold (tenant_id, reference) where status = 'open';

create table hold_line (
    tenant_id uuid not null,
    hold_id uuid not null,
    line_no integer not null,
    product_id uuid not null,
    quantity numeric(18, 6) not null,
    constraint hold_line_pkey primary key (tenant_id, hold_id, line_no),
    constraint hold_line_hold_fkey foreign key (tenant_id, hold_id) references hold (tenant_id, id),
    constraint hold_line_quantity_positive check (quantity > 0)
);

create table transfer (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    from_location_id uuid not null,
    to_location_id uuid not null,
    status text not null,
    expected_on date,
    reference text,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null,
    command_id uuid not null,
    constraint transfer_pkey primary key (tenant_id, id),
    constraint transfer_number_key unique (tenant_id, number),
    constraint transfer_from_fkey foreign key (tenant_id, from_location_id) references location (tenant_id, id),
    constraint transfer_to_fkey foreign key (tenant_id, to_location_id) references location (tenant_id, id),
    constraint transfer_goes_elsewhere check (from_location_id <> to_location_id),
    constraint transfer_status_known check (status in ('in_transit', 'received'))
) with (fillfactor = 85);
create index transfer_open on transfer (tenant_id, to_location_id) where status = 'in_transit';

create table transfer_line (
    tenant_id uuid not null,
    transfer_id uuid not null,
    line_no integer not null,
    product_id uuid not null,
    quantity numeric(18, 6) not null,
    received numeric(18, 6) not null default 0,
    missing numeric(18, 6) not null default 0,
    value numeric(18, 4) not null,
    open_value numeric(18, 4) not null,
    constraint transfer_line_pkey primary key (tenant_id, transfer_id, line_no),
    constraint transfer_line_transfer_fkey foreign key (tenant_id, transfer_id) references transfer (tenant_id, id),
    constraint transfer_line_flow check (
        quantity > 0 and received >= 0 and missing >= 0 and received + missing <= quantity
    ),
    constraint transfer_line_value_range check (open_value between 0 and value)
) with (fillfactor = 85);

create table expected_receipt (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    location_id uuid not null,
    expected_on date not null,
    reference text,
    status text not null,
    recorded_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null,
    command_id uuid not null,
    constraint expected_receipt_pkey primary key (tenant_id, id),
    constraint expected_receipt_number_key unique (tenant_id, number),
    constraint expected_receipt_location_fkey foreign key (tenant_id, location_id) references location (tenant_id, id),
    constraint expected_receipt_status_known check (status in ('open', 'received', 'cancelled'))
) with (fillfactor = 85);
create index expected_receipt_open on expected_receipt (tenant_id, location_id) where status = 'open';

create table expected_receipt_line (
    tenant_id uuid not null,
    expected_receipt_id uuid not null,
    line_no integer not null,
    product_id uuid not null,
    quantity numeric(18, 6) not null,
    received numeric(18, 6) not null default 0,
    constraint expected_receipt_line_pkey primary key (tenant_id, expected_receipt_id, line_no),
    constraint expected_receipt_line_document_fkey foreign key (tenant_id, expected_receipt_id)
        references expected_receipt (tenant_id, id),
    constraint expected_receipt_line_quantity_positive check (quantity > 0 and received >= 0)
) with (fillfactor = 85);
create index expected_receipt_line_by_product on expected_receipt_line (tenant_id, product_id);
