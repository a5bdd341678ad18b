-- Settings of replenishment: of the tenant, of a location, of a product, and of a product at a location.

create table replenish_setting (
    tenant_id uuid not null constraint replenish_setting_tenant_fkey references tenant (tenant_id),
    -- The nil id stands for all products.
    product_id uuid not null,
    -- The nil id stands for all locations.
    location_id uuid not null,
    service text constraint replenish_setting_service_known check (service in ('0.80', '0.90', '0.95', '0.98', '0.99')),
    review_days smallint,
    review_weekday text constraint replenish_setting_review_weekday_known check (
        review_weekday in ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')
    ),
    order_cost numeric(18, 4),
    -- Cost of keeping stock for a year, in percent of its value.
    holding_percent numeric(9, 6),
    cover_days smallint,
    smoothing text constraint replenish_setting_smoothing_known check (smoothing in ('fifth', 'tenth')),
    shelf_days smallint,
    lead_time_days smallint,
    -- Smallest order and pack, in stock units.
    minimum numeric(18, 6),
    pack numeric(18, 6),
    method text constraint replenish_setting_method_known check (method in ('computed', 'min_max', 'never')),
    min_stock numeric(18, 6),
    max_stock numeric(18, 6),
    -- Units a week that stand in for the missing weeks of a new product.
    analogue_rate numeric(18, 6),
    -- The location that feeds this one.
    source_location_id uuid,
    updated_at timestamptz not null,
    constraint replenish_setting_pkey primary key (tenant_id, product_id, location_id),
    constraint replenish_setting_range check (
        review_days > 0 and cover_days > 0 and shelf_days > 0 and lead_time_days >= 0 and order_cost >= 0
        and holding_percent >= 0 and minimum > 0 and pack > 0 and analogue_rate >= 0
    ),
    constraint replenish_setting_min_max check (
        (method is not distinct from 'min_max') = (min_stock is not null and max_stock is not null)
        and min_stock >= 0 and min_stock <= max_stock
    )
);
