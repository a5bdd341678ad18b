-- Wholesale: order, shipment, invoice, payment; and the sales lines of both channels.

create table sales_order (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    customer_id uuid not null,
    location_id uuid not null,
    status text not null,
    currency text not null,
    country text not null,
    reference text,
    external_ref text,
    requested_on date,
    net numeric(18, 4) not null,
    tax numeric(18, 4) not null,
    total numeric(18, 4) not null,
    hold_reasons text[] not null default '{}',
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    command_id uuid not null,
    constraint sales_order_pkey primary key (tenant_id, id),
    constraint sales_order_number_key unique (tenant_id, number),
    constraint sales_order_external_ref_key unique (tenant_id, external_ref),
    constraint sales_order_customer_fkey foreign key (tenant_id, customer_id) references customer (tenant_id, id),
    constraint sales_order_location_fkey foreign key (tenant_id, location_id) references location (tenant_id, id),
    constraint sales_order_status_known check (
        status in ('draft', 'on_hold', 'confirmed', 'partially_shipped', 'shipped', 'invoiced', 'cancelled')
    )
);
create index sales_order_by_customer on sales_order (tenant_id, customer_id, id);
create index sales_order_by_reference on sales_order (tenant_id, reference) where reference is not null;
create index sales_order_by_time on sales_order using brin (occurred_at, recorded_at) with (autosummarize = on);

create table sales_order_line (
    tenant_id uuid not null,
    order_id uuid not null,
    line_no integer not null,
    product_id uuid not null,
    description text,
    uom text not null,
    factor numeric(18, 6) not null,
    -- As entered, in `uom`.
    entered numeric(18, 6) not null,
    -- In stock units, like every quantity below.
    quantity numeric(18, 6) not null,
    reserved numeric(18, 6) not null default 0,
    shipped numeric(18, 6) not null default 0,
    invoiced numeric(18, 6) not null default 0,
    -- Per entered unit.
    unit_price numeric(18, 6) not null,
    list_price numeric(18, 6),
    price_source text not null,
    price_rule_id uuid,
    price_trace jsonb,
    gross numeric(18, 4) not null,
    discount numeric(18, 4) not null,
    net numeric(18, 4) not null,
    tax_rate numeric(9, 6) not null,
    tax numeric(18, 4) not null,
    constraint sales_order_line_pkey primary key (tenant_id, order_id, line_no),
    constraint sales_order_line_order_fkey foreign key (tenant_id, order_id) references sales_order (tenant_id, id),
    constraint sales_order_line_quantity_positive check (quantity > 0 and entered > 0 and factor > 0),
    constraint sales_order_line_flow check (
        reserved >= 0 and shipped >= 0 and invoiced >= 0 and reserved + shipped <= quantity and invoiced <= shipped
    )
) with (fillfactor = 85);

create table shipment (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    order_id uuid not null,
    location_id uuid not null,
    invoice_id uuid,
    cost numeric(18, 4) not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint shipment_pkey primary key (tenant_id, id),
    constraint shipment_number_key unique (tenant_id, number),
    constraint shipment_order_fkey foreign key (tenant_id, order_id) references sales_order (tenant_id, id)
);
create index shipment_by_order on shipment (tenant_id, order_id);

create table shipment_line (
    tenant_id uuid not null,
    shipment_id uuid not null,
    line_no integer not null,
    order_line_no integer not null,
    product_id uuid not null,
    quantity numeric(18, 6) not null,
    cost numeric(18, 4) not null,
    constraint shipment_line_pkey primary key (tenant_id, shipment_id, line_no),
    constraint shipment_line_shipment_fkey foreign key (tenant_id, shipment_id) references shipment (tenant_id, id),
    constraint shipment_line_quantity_positive check (quantity > 0)
);

-- Invoices and credit notes. The document never changes. `open` is the amount still to be paid (or, on a credit note,
-- to be refunded); each payment allocation lowers it.
create table invoice (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    kind text not null,
    customer_id uuid not null,
    order_id uuid,
    location_id uuid not null,
    original_id uuid,
    currency text not null,
    country text not null,
    gross numeric(18, 4) not null,
    discount numeric(18, 4) not null,
    net numeric(18, 4) not null,
    tax numeric(18, 4) not null,
    total numeric(18, 4) not null,
    open numeric(18, 4) not null,
    due_on date not null,
    -- Whether a line of it was returned. A return locks this row.
    returned boolean not null default false,
    reason text,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null default 1,
    command_id uuid not null,
    constraint invoice_pkey primary key (tenant_id, id),
    constraint invoice_number_key unique (tenant_id, number),
    constraint invoice_customer_fkey foreign key (tenant_id, customer_id) references customer (tenant_id, id),
    constraint invoice_order_fkey foreign key (tenant_id, order_id) references sales_order (tenant_id, id),
    constraint invoice_original_fkey foreign key (tenant_id, original_id) references invoice (tenant_id, id),
    constraint invoice_kind_known check (kind in ('invoice', 'credit_note')),
    constraint invoice_adds_up check (net = gross - discount and total = net + tax),
    constraint invoice_open_range check (
        (total >= 0 and open between 0 and total) or (total < 0 and open between total and 0)
    )
) with (fillfactor = 85);
create index invoice_by_customer on invoice (tenant_id, customer_id, id);
create index invoice_by_order on invoice (tenant_id, order_id);
create index invoice_by_time on invoice using brin (occurred_at) with (autosummarize = on);

create table payment (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    customer_id uuid not null,
    method text not null,
    amount numeric(18, 4) not null,
    unapplied numeric(18, 4) not null,
    reference text,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint payment_pkey primary key (tenant_id, id),
    constraint payment_number_key unique (tenant_id, number),
    constraint payment_customer_fkey foreign key (tenant_id, customer_id) references customer (tenant_id, id),
    constraint payment_method_known check (method in ('bank', 'card')),
    constraint payment_amount_positive check (amount > 0),
    constraint payment_unapplied_range check (unapplied between 0 and amount)
);
create index payment_by_customer on payment (tenant_id, customer_id, id);

create table payment_allocation (
    tenant_id uuid not null,
    payment_id uuid not null,
    invoice_id uuid not null,
    amount numeric(18, 4) not null,
    constraint payment_allocation_pkey primary key (tenant_id, payment_id, invoice_id),
    constraint payment_allocation_payment_fkey foreign key (tenant_id, payment_id) references payment (tenant_id, id),
    constraint payment_allocation_invoice_fkey foreign key (tenant_id, invoice_id) references invoice (tenant_id, id),
    constraint payment_allocation_amount_positive check (amount > 0)
);
create index payment_allocation_by_invoice on payment_allocation (tenant_id, invoice_id);

-- Every line sold or returned, in both channels: the one table from which revenue and cost are computed. Signs: a
-- sale is positive, a return negative, in quantity, gross, discount, net, tax and cost.
create table sales_line (
    tenant_id uuid not null,
    document_id uuid not null,
    line_no integer not null,
    document_kind text not null,
    channel text not null,
    location_id uuid not null,
    customer_id uuid,
    country text not null,
    currency text not null,
    product_id uuid not null,
    category_id uuid,
    description text,
    uom text not null,
    factor numeric(18, 6) not null,
    entered numeric(18, 6) not null,
    quantity numeric(18, 6) not null,
    unit_price numeric(18, 6) not null,
    list_price numeric(18, 6),
    price_source text not null,
    price_rule_id uuid,
    price_trace jsonb,
    gross numeric(18, 4) not null,
    discount numeric(18, 4) not null,
    net numeric(18, 4) not null,
    tax_rate numeric(9, 6) not null,
    tax numeric(18, 4) not null,
    cost numeric(18, 4) not null,
    order_id uuid,
    original_id uuid,
    original_line_no integer,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    constraint sales_line_pkey primary key (tenant_id, document_id, document_kind, line_no),
    constraint sales_line_kind_known check (document_kind in ('sale', 'refund', 'invoice', 'credit_note')),
    constraint sales_line_channel_known check (channel in ('wholesale', 'retail')),
    constraint sales_line_adds_up check (net = gross - discount)
);
create index sales_line_by_original on sales_line (tenant_id, original_id) where original_id is not null;
create index sales_line_by_time on sales_line using brin (occurred_at);
