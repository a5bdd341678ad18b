-- Suppliers and locations as purchase orders print them, each up to a version of the record. A change keeps the state before it:
-- see 0067. An order prints the state at the instant at which it was sent.
create table replaced_supplier (
    tenant_id uuid not null,
    supplier_id uuid not null,
    version integer not null,
    name text not null,
    tax_number text,
    addresses jsonb not null,
    replaced_at timestamptz not null,
    constraint replaced_supplier_pkey primary key (tenant_id, supplier_id, version),
    constraint replaced_supplier_supplier_fkey foreign key (tenant_id, supplier_id) references supplier (tenant_id, id)
);

create table replaced_location (
    tenant_id uuid not null,
    location_id uuid not null,
    version integer not null,
    name text not null,
    replaced_at timestamptz not null,
    constraint replaced_location_pkey primary key (tenant_id, location_id, version),
    constraint replaced_location_location_fkey foreign key (tenant_id, location_id) references location (tenant_id, id)
);
