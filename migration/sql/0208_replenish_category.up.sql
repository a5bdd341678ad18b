-- Settings of replenishment for the products of a category and of those below it, and the product that a product supersedes.

create table replenish_category (
    tenant_id uuid not null,
    category_id uuid not null,
    service text constraint replenish_category_service_known check (service in ('0.80', '0.90', '0.95', '0.98', '0.99')),
    review_days smallint,
    review_weekday text constraint replenish_category_review_weekday_known check (
        review_weekday in ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')
    ),
    method text constraint replenish_category_method_known check (method in ('computed', 'min_max', 'never')),
    min_stock numeric(18, 6),
    max_stock numeric(18, 6),
    updated_at timestamptz not null,
    constraint replenish_category_pkey primary key (tenant_id, category_id),
    constraint replenish_category_category_fkey foreign key (tenant_id, category_id) references category (tenant_id, id),
    constraint replenish_category_range check (review_days > 0),
    constraint replenish_category_min_max check (
        (method is not distinct from 'min_max') = (min_stock is not null and max_stock is not null)
        and min_stock >= 0 and min_stock <= max_stock
    )
);

-- Only settings of a product at all locations state it.
alter table replenish_setting add column supersedes_id uuid;
