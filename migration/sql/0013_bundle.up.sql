-- Components of bundles. A bundle's stock, cost and revenue are those of its components.
create table bundle_component (
    tenant_id uuid not null,
    bundle_id uuid not null,
    line_no integer not null,
    component_id uuid not null,
    -- Stock units of the component per stock unit of the bundle.
    quantity numeric(18, 6) not null,
    constraint bundle_component_pkey primary key (tenant_id, bundle_id, line_no),
    constraint bundle_component_once unique (tenant_id, bundle_id, component_id),
    constraint bundle_component_bundle_fkey foreign key (tenant_id, bundle_id) references product (tenant_id, id),
    constraint bundle_component_component_fkey foreign key (tenant_id, component_id) references product (tenant_id, id),
    constraint bundle_component_quantity_positive check (quantity > 0)
);
create index bundle_component_by_component on bundle_component (tenant_id, component_id);

-- The bundle with which a line was sold.
alter table sales_order_line add column bundle_id uuid;
alter table sales_line add column bundle_id uuid;
