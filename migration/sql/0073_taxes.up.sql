-- A rate may consist of several taxes, each with its own base, amount and account. `rate` is the sum of those in percent.
alter table tax_rate add column taxes jsonb;

-- The taxes of a line that has several. A line with one tax has no row: its rate and amount are in the line itself.
create table sales_line_tax (
    tenant_id uuid not null,
    document_id uuid not null,
    document_kind text not null,
    line_no integer not null,
    tax_no integer not null,
    code text not null,
    name text not null,
    rate numeric(9, 6),
    amount_per_unit numeric(18, 6),
    -- What a rate is of: the net, and for a tax on a tax those before it.
    base numeric(18, 4) not null,
    -- Stock units that a tax per unit is on.
    base_quantity numeric(18, 6) not null,
    amount numeric(18, 4) not null,
    -- Null: that of output tax.
    account_code text,
    constraint sales_line_tax_pkey primary key (tenant_id, document_id, document_kind, line_no, tax_no),
    constraint sales_line_tax_tenant_fkey foreign key (tenant_id) references tenant (tenant_id),
    constraint sales_line_tax_rate_or_amount check ((rate is null) <> (amount_per_unit is null))
);
alter table sales_order_line add column taxes jsonb;

-- Whether the fixed prices of a list include tax. Null: as the tenant's list prices do.
alter table price_list add column includes_tax boolean;

-- The total of an invoice may be rounded. The next step validates the check.
alter table tenant
    add column invoice_rounding numeric(18, 4) not null default 0,
    add constraint tenant_invoice_rounding_not_negative check (invoice_rounding >= 0) not valid;
alter table invoice
    add column rounding numeric(18, 4) not null default 0,
    drop constraint invoice_adds_up,
    add constraint invoice_adds_up check (net = gross - discount and total = net + tax + rounding) not valid;

-- The account of the differences, where the code is free. The migrator sees every tenant.
reset role;
insert into account (tenant_id, code, name, kind)
select tenant_id, '6020', 'Invoice rounding', 'expense' from tenant
on conflict do nothing;
set local role stockwell_owner;
