-- List prices that were replaced: the one of the product (`uom` is empty) or of one of its units, with the first instant at
-- which it no longer applied. Null: there was no price. The present price stays where it is.
create table replaced_price (
    tenant_id uuid not null,
    product_id uuid not null,
    uom text not null,
    replaced_at timestamptz not null,
    price numeric(18, 6),
    constraint replaced_price_pkey primary key (tenant_id, product_id, uom, replaced_at),
    constraint replaced_price_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id)
);
