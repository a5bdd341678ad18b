-- Front ends keep more on records: contacts, notes, tags, links, and the addresses of orders. A list is a JSON array, which the
-- service has checked.

alter table customer
    add column contacts jsonb not null default '[]',
    add column notes text not null default '',
    add column tags jsonb not null default '[]',
    add column attachments jsonb not null default '[]';

alter table product
    add column images jsonb not null default '[]',
    add column tags jsonb not null default '[]',
    add column attachments jsonb not null default '[]';

alter table sales_order
    add column bill_to jsonb,
    add column ship_to jsonb,
    add column metadata jsonb not null default '{}',
    add column notes text not null default '',
    add column tags jsonb not null default '[]';

alter table shipment
    add column carrier text,
    add column tracking_number text,
    add column tracking_url text,
    add column version integer not null default 1,
    add column updated_at timestamptz;

-- The tenant, as its documents print it.
alter table tenant
    add column tax_number text,
    add column address jsonb,
    add column logo_url text;

create table replaced_seller (
    tenant_id uuid not null,
    version integer not null,
    name text not null,
    tax_number text,
    address jsonb,
    logo_url text,
    replaced_at timestamptz not null,
    constraint replaced_seller_pkey primary key (tenant_id, version),
    constraint replaced_seller_tenant_fkey foreign key (tenant_id) references tenant (tenant_id)
);
