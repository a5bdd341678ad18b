-- Purchase orders. Only service::posting writes here.

create table purchase_order (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    supplier_id uuid not null,
    status text not null,
    reference text,
    over_receipt_percent numeric(9, 6) not null,
    -- As the supplier stated it when the order was placed.
    lead_time_days integer,
    value numeric(18, 4) not null,
    sent_at timestamptz,
    recorded_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null,
    command_id uuid not null,
    constraint purchase_order_pkey primary key (tenant_id, id),
    constraint purchase_order_number_key unique (tenant_id, number),
    constraint purchase_order_supplier_fkey foreign key (tenant_id, supplier_id) references supplier (tenant_id, id),
    constraint purchase_order_status_known check (
        status in ('draft', 'sent', 'confirmed', 'partly_received', 'received', 'closed', 'cancelled')
    ),
    constraint purchase_order_over_receipt_range check (over_receipt_percent between 0 and 100)
) with (fillfactor = 85);
create index purchase_order_by_supplier on purchase_order (tenant_id, supplier_id, id);
create index purchase_order_by_reference on purchase_order (tenant_id, reference) where reference is not null;

create table purchase_order_line (
    tenant_id uuid not null,
    purchase_order_id uuid not null,
    line_no integer not null,
    product_id uuid not null,
    supplier_sku text,
    location_id uuid not null,
    -- The unit in which it is ordered: `entered` of it, each of `factor` stock units, at `unit_cost`.
    uom text not null,
    factor numeric(18, 6) not null,
    factor_denominator smallint not null,
    entered numeric(18, 6) not null,
    unit_cost numeric(18, 6) not null,
    value numeric(18, 4) not null,
    -- Stock units.
    quantity numeric(18, 6) not null,
    received numeric(18, 6) not null default 0,
    cancelled numeric(18, 6) not null default 0,
    expected_on date,
    constraint purchase_order_line_pkey primary key (tenant_id, purchase_order_id, line_no),
    constraint purchase_order_line_document_fkey foreign key (tenant_id, purchase_order_id)
        references purchase_order (tenant_id, id),
    constraint purchase_order_line_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id),
    constraint purchase_order_line_location_fkey foreign key (tenant_id, location_id) references location (tenant_id, id),
    constraint purchase_order_line_flow check (
        quantity > 0 and received >= 0 and cancelled >= 0 and cancelled <= quantity
    ),
    constraint purchase_order_line_cost_range check (unit_cost >= 0 and value >= 0)
) with (fillfactor = 85);
create index purchase_order_line_by_product on purchase_order_line (tenant_id, product_id);

-- The part of a line that one receipt received.
create table purchase_receipt_line (
    tenant_id uuid not null,
    purchase_order_id uuid not null,
    stock_document_id uuid not null,
    line_no integer not null,
    -- Stock units, and their cost.
    quantity numeric(18, 6) not null,
    value numeric(18, 4) not null,
    constraint purchase_receipt_line_pkey primary key (tenant_id, purchase_order_id, stock_document_id, line_no),
    constraint purchase_receipt_line_order_fkey foreign key (tenant_id, purchase_order_id, line_no)
        references purchase_order_line (tenant_id, purchase_order_id, line_no),
    constraint purchase_receipt_line_document_fkey foreign key (tenant_id, stock_document_id)
        references stock_document (tenant_id, id),
    constraint purchase_receipt_line_quantity_positive check (quantity > 0)
);
create index purchase_receipt_line_by_document on purchase_receipt_line (tenant_id, stock_document_id);
