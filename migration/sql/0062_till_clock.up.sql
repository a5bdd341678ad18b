-- What the clock of a till said, for sales and refunds of tills whose clock was ahead.
create table till_clock (
    tenant_id uuid not null,
    sale_id uuid not null,
    said_at timestamptz not null,
    constraint till_clock_pkey primary key (tenant_id, sale_id),
    constraint till_clock_sale_fkey foreign key (tenant_id, sale_id) references pos_sale (tenant_id, id)
);
