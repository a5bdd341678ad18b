-- Settings of replenishment for the products of which a supplier is the preferred one.

create table replenish_supplier (
    tenant_id uuid not null,
    supplier_id uuid not null,
    service text constraint replenish_supplier_service_known check (service in ('0.80', '0.90', '0.95', '0.98', '0.99')),
    review_days smallint,
    review_weekday text constraint replenish_supplier_review_weekday_known check (
        review_weekday in ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')
    ),
    order_cost numeric(18, 4),
    updated_at timestamptz not null,
    constraint replenish_supplier_pkey primary key (tenant_id, supplier_id),
    constraint replenish_supplier_supplier_fkey foreign key (tenant_id, supplier_id) references supplier (tenant_id, id),
    constraint replenish_supplier_range check (review_days > 0 and order_cost >= 0)
);
