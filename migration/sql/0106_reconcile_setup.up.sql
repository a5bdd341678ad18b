-- Reconciliation: the other systems of a tenant, who owns which process, and how their codes are read.

-- A system whose stock and events the tenant sends in. Its code is also the text `system` of sku_mapping. The code `stockwell`
-- stands for the own ledger and has no row.
create table reconcile_system (
    tenant_id uuid not null constraint reconcile_system_tenant_fkey references tenant (tenant_id),
    id uuid not null,
    code text not null,
    name text not null,
    -- pos, storefront, erp, wms, marketplace, finance or spreadsheet.
    kind text not null,
    -- The meaning of its quantities: on_hand, available or sellable.
    quantity_meaning text not null,
    -- Minutes between two transports of its data.
    sync_interval_minutes integer not null,
    -- Its clock less true time.
    clock_offset_seconds integer not null default 0,
    -- natural: a quantity is the signed effect on stock. absolute: the type gives the sign.
    sign text not null,
    version integer not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint reconcile_system_pkey primary key (tenant_id, id),
    constraint reconcile_system_code_key unique (tenant_id, code),
    constraint reconcile_system_interval_positive check (sync_interval_minutes > 0)
);

-- One row for a tenant that has stated them.
create table reconcile_setting (
    tenant_id uuid not null constraint reconcile_setting_tenant_fkey references tenant (tenant_id),
    -- Code of the system that the others are compared with. `stockwell` is the own ledger.
    reference text not null,
    window_days smallint not null,
    wage_per_hour numeric(18, 4) not null,
    currency text not null,
    -- Minutes by kind of touchpoint: {"csv_export": "5"}.
    minutes jsonb not null,
    -- Probability and cost of harm by class: {"missed_return": {"probability": "0.05", "cost": "20"}}.
    harm jsonb not null,
    version integer not null default 1,
    updated_at timestamptz not null,
    constraint reconcile_setting_pkey primary key (tenant_id),
    constraint reconcile_setting_window_range check (window_days between 30 and 60)
);

-- The system that owns a concern of a process, and the systems that hear of it next:
-- [{"system": "erp", "latency_minutes": 90}].
create table reconcile_ownership (
    tenant_id uuid not null constraint reconcile_ownership_tenant_fkey references tenant (tenant_id),
    process text not null,
    concern text not null,
    owner text not null,
    next_hops jsonb not null,
    updated_at timestamptz not null,
    constraint reconcile_ownership_pkey primary key (tenant_id, process, concern)
);

-- Their codes of locations. `location` is the code of the own location or of that of the reference. Two mappings of one code never
-- overlap in time: each import of a tenant's mappings checks it under one lock.
create table reconcile_location_mapping (
    tenant_id uuid not null,
    id uuid not null,
    system_id uuid not null,
    external_location text not null,
    location text not null,
    valid_from timestamptz,
    valid_until timestamptz,
    created_at timestamptz not null,
    constraint reconcile_location_mapping_pkey primary key (tenant_id, id),
    constraint reconcile_location_mapping_system_fkey foreign key (tenant_id, system_id)
        references reconcile_system (tenant_id, id),
    constraint reconcile_location_mapping_order check (valid_from < valid_until)
);
create index reconcile_location_mapping_by_code on reconcile_location_mapping (tenant_id, system_id, external_location);

-- Their SKUs in shadow mode, where `item` is the SKU of the reference. An empty location stands for all locations without a mapping
-- of their own.
create table reconcile_sku_mapping (
    tenant_id uuid not null,
    id uuid not null,
    system_id uuid not null,
    external_sku text not null,
    external_location text not null,
    item text not null,
    -- Units of the reference in one external unit.
    factor numeric(18, 6) not null,
    valid_from timestamptz,
    valid_until timestamptz,
    created_at timestamptz not null,
    constraint reconcile_sku_mapping_pkey primary key (tenant_id, id),
    constraint reconcile_sku_mapping_system_fkey foreign key (tenant_id, system_id)
        references reconcile_system (tenant_id, id),
    constraint reconcile_sku_mapping_factor_positive check (factor > 0),
    constraint reconcile_sku_mapping_order check (valid_from < valid_until)
);
create index reconcile_sku_mapping_by_sku on reconcile_sku_mapping (tenant_id, system_id, external_sku, external_location);

-- Items of the reference in shadow mode. An empty category: none.
create table reconcile_item (
    tenant_id uuid not null constraint reconcile_item_tenant_fkey references tenant (tenant_id),
    item text not null,
    category text not null,
    updated_at timestamptz not null,
    constraint reconcile_item_pkey primary key (tenant_id, item)
);

-- Components of items that are sold as one, in shadow mode.
create table reconcile_bundle (
    tenant_id uuid not null constraint reconcile_bundle_tenant_fkey references tenant (tenant_id),
    item text not null,
    component text not null,
    quantity numeric(18, 6) not null,
    updated_at timestamptz not null,
    constraint reconcile_bundle_pkey primary key (tenant_id, item, component),
    constraint reconcile_bundle_quantity_positive check (quantity > 0)
);
