-- Numbers that till sales and refunds have in other systems. Most have none. Several may have the same one, because a sale of an
-- offline till is never rejected.
create table sale_external_ref (
    tenant_id uuid not null,
    sale_id uuid not null,
    external_ref text not null,
    constraint sale_external_ref_pkey primary key (tenant_id, sale_id),
    constraint sale_external_ref_sale_fkey foreign key (tenant_id, sale_id) references pos_sale (tenant_id, id)
);

create index sale_external_ref_by_ref on sale_external_ref (tenant_id, external_ref, sale_id);
