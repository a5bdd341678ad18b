-- Orders of accepted suggestions: see service::replenish::order, which alone writes here.

-- The order for which a product at a location was claimed last. It is written after this row, so for a moment there may be none.
create table replenish_order (
    tenant_id uuid not null constraint replenish_order_tenant_fkey references tenant (tenant_id),
    product_id uuid not null,
    location_id uuid not null,
    purchase_order_id uuid not null,
    accepted_at timestamptz not null,
    constraint replenish_order_pkey primary key (tenant_id, product_id, location_id)
);
