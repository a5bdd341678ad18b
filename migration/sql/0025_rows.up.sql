-- The rows that service::posting sends, one type for each table: a batch is one array of rows for each table it writes.
-- A type is the wire format between a server and the database. While a new version is rolled out, servers of two
-- versions run side by side. So a type never changes: another column needs another type, of the next number.

create type stock_level_row_1 as (
    location_id uuid,
    product_id uuid,
    lot_id uuid,
    on_hand numeric,
    reserved numeric,
    value numeric,
    last_cost numeric,
    layered boolean
);

create type number_series_row_1 as (
    series text,
    next bigint
);

create type stock_movement_row_1 as (
    product_id uuid,
    location_id uuid,
    lot_id uuid,
    id uuid,
    kind text,
    quantity numeric,
    value numeric,
    unit_cost numeric,
    document_kind text,
    document_id uuid,
    line_no integer,
    channel text,
    reason text,
    occurred_at timestamptz,
    entry_mode text,
    command_id uuid
);

create type pos_sale_row_1 as (
    id uuid,
    number text,
    kind text,
    register_id uuid,
    session_id uuid,
    location_id uuid,
    customer_id uuid,
    original_id uuid,
    country text,
    gross numeric,
    discount numeric,
    net numeric,
    tax numeric,
    rounding numeric,
    total numeric,
    cost numeric,
    business_date date,
    occurred_at timestamptz,
    command_id uuid
);

create type tender_row_1 as (
    sale_id uuid,
    line_no integer,
    kind text,
    amount numeric,
    tendered numeric,
    change numeric,
    reference text
);

create type sales_line_row_1 as (
    document_id uuid,
    line_no integer,
    document_kind text,
    channel text,
    location_id uuid,
    customer_id uuid,
    country text,
    product_id uuid,
    category_id uuid,
    description text,
    uom text,
    factor numeric,
    entered numeric,
    quantity numeric,
    unit_price numeric,
    list_price numeric,
    price_source text,
    price_rule_id uuid,
    price_trace jsonb,
    gross numeric,
    discount numeric,
    net numeric,
    tax_rate numeric,
    tax numeric,
    cost numeric,
    order_id uuid,
    original_id uuid,
    original_line_no integer,
    occurred_at timestamptz,
    bundle_id uuid
);

create type journal_entry_row_1 as (
    id uuid,
    document_kind text,
    document_id uuid,
    memo text,
    total numeric,
    occurred_on date,
    command_id uuid
);

create type journal_line_row_1 as (
    entry_id uuid,
    line_no integer,
    account_code text,
    debit numeric,
    credit numeric,
    channel text,
    location_id uuid,
    party_id uuid,
    posted_on date
);

create type event_row_1 as (
    id uuid,
    kind text,
    command_id uuid,
    document_kind text,
    document_id uuid
);

create type command_row_1 as (
    id uuid,
    name text,
    actor_kind text,
    actor_id uuid,
    idempotency_key text,
    fingerprint bytea,
    status smallint,
    document_id uuid,
    response text
);
