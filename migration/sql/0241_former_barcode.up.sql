-- Barcodes that products had before, until the instant at which each was removed or got another unit.
create table former_barcode (
    tenant_id uuid not null,
    code text not null,
    product_id uuid not null,
    uom text not null,
    -- Null: since the product was made.
    since timestamptz,
    replaced_at timestamptz not null,
    constraint former_barcode_pkey primary key (tenant_id, code, product_id, replaced_at),
    constraint former_barcode_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id)
);

-- The instant from which the product has the barcode. Null: since the product was made, or since a change by a version that does
-- not know this column.
alter table barcode add column since timestamptz;

-- Units that products had before, until the instant at which each was removed or got another factor.
create table former_unit (
    tenant_id uuid not null,
    product_id uuid not null,
    uom text not null,
    factor numeric(18, 6) not null,
    factor_denominator smallint not null,
    list_price numeric(18, 6),
    replaced_at timestamptz not null,
    constraint former_unit_pkey primary key (tenant_id, product_id, uom, replaced_at),
    constraint former_unit_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id)
);
