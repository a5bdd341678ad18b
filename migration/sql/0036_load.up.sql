-- The rows that load_sales_1 returns, one type a table, with versions as the types of the rows that are saved (0025).

create type answered_command_row_1 as (
    idempotency_key text,
    fingerprint bytea,
    status smallint,
    response text,
    document_id uuid
);

create type open_session_row_1 as (
    register_id uuid,
    id uuid,
    opened_at timestamptz,
    opening_float numeric
);

create type barcode_row_1 as (
    code text,
    product_id uuid,
    uom text
);

create type product_row_1 as (
    id uuid,
    sku text,
    kind text,
    status text,
    tracking text,
    lineage uuid[],
    stock_uom text,
    stock_decimals smallint,
    tax_class_id uuid,
    list_price numeric,
    costing_method text
);

create type product_unit_row_1 as (
    product_id uuid,
    uom text,
    factor numeric,
    list_price numeric
);

create type locked_level_row_1 as (
    location_id uuid,
    product_id uuid,
    on_hand numeric,
    reserved numeric,
    value numeric,
    last_cost numeric,
    layered boolean,
    backordered numeric,
    allotted boolean,
    counted_at timestamptz
);

create type locked_series_row_1 as (
    series text,
    next bigint
);
