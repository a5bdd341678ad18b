-- Bills of suppliers, with their credit notes and reversals, and what of them is matched with receipts. Only service::posting
-- writes here.

create table bill (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    kind text not null,
    supplier_id uuid not null,
    -- The supplier's own number; null for a reversal.
    supplier_number text,
    dated date not null,
    due_on date not null,
    -- Amounts of credit notes and reversals are negative.
    value numeric(18, 4) not null,
    tax numeric(18, 4) not null,
    total numeric(18, 4) not null,
    -- The amount still to be paid; zero for credit notes and reversals.
    open numeric(18, 4) not null,
    reference text,
    -- The bill that a credit note or a reversal takes back.
    original_id uuid,
    -- The reversal that took it back.
    reversed_by uuid,
    recorded_at timestamptz not null,
    updated_at timestamptz not null,
    version integer not null,
    command_id uuid not null,
    constraint bill_pkey primary key (tenant_id, id),
    constraint bill_number_key unique (tenant_id, number),
    constraint bill_supplier_fkey foreign key (tenant_id, supplier_id) references supplier (tenant_id, id),
    constraint bill_original_fkey foreign key (tenant_id, original_id) references bill (tenant_id, id),
    constraint bill_kind_known check (kind in ('bill', 'credit', 'reversal')),
    constraint bill_adds_up check (total = value + tax),
    constraint bill_original check ((kind = 'bill') = (original_id is null)),
    constraint bill_open_range check (open >= 0 and open <= greatest(total, 0))
) with (fillfactor = 85);
create index bill_by_supplier on bill (tenant_id, supplier_id, id);
create index bill_by_original on bill (tenant_id, original_id) where original_id is not null;
create index bill_by_due on bill (tenant_id, due_on, id);
create index bill_open on bill (tenant_id, supplier_id, due_on) where open <> 0;
-- A supplier has one bill or credit note of a number, unless it was recorded by mistake and reversed.
create unique index bill_supplier_number_key on bill (tenant_id, supplier_id, supplier_number)
    where supplier_number is not null and reversed_by is null;

create table bill_line (
    tenant_id uuid not null,
    bill_id uuid not null,
    line_no integer not null,
    -- The bill itself, or the bill and the line that a credit note or a reversal takes back.
    original_id uuid not null,
    original_line_no integer,
    -- The goods: a line of a purchase order, or a line of a receipt that no purchase order has. Neither for an account.
    purchase_order_id uuid,
    order_line_no integer,
    receipt_id uuid,
    receipt_line_no integer,
    product_id uuid,
    location_id uuid,
    account_code text,
    description text,
    -- `entered` of the unit, at `unit_cost` each.
    uom text,
    entered numeric(18, 6) not null,
    unit_cost numeric(18, 6) not null,
    -- Stock units; zero without goods.
    quantity numeric(18, 6) not null,
    value numeric(18, 4) not null,
    tax numeric(18, 4) not null,
    -- Differences from what was ordered and received, beyond the tolerance.
    reasons text[] not null default '{}',
    constraint bill_line_pkey primary key (tenant_id, bill_id, line_no),
    constraint bill_line_document_fkey foreign key (tenant_id, bill_id) references bill (tenant_id, id),
    constraint bill_line_order_fkey foreign key (tenant_id, purchase_order_id, order_line_no)
        references purchase_order_line (tenant_id, purchase_order_id, line_no),
    constraint bill_line_receipt_fkey foreign key (tenant_id, receipt_id) references stock_document (tenant_id, id),
    constraint bill_line_product_fkey foreign key (tenant_id, product_id) references product (tenant_id, id),
    constraint bill_line_location_fkey foreign key (tenant_id, location_id) references location (tenant_id, id),
    constraint bill_line_account_fkey foreign key (tenant_id, account_code) references account (tenant_id, code),
    constraint bill_line_subject check (num_nonnulls(purchase_order_id, receipt_id, account_code) = 1),
    constraint bill_line_order_complete check ((purchase_order_id is null) = (order_line_no is null)),
    constraint bill_line_receipt_complete check ((receipt_id is null) = (receipt_line_no is null)),
    constraint bill_line_goods check ((account_code is null) = (product_id is not null and location_id is not null)),
    constraint bill_line_cost_range check (unit_cost >= 0)
) with (fillfactor = 85);
create index bill_line_by_original on bill_line (tenant_id, original_id);
create index bill_line_by_order on bill_line (tenant_id, purchase_order_id, order_line_no) where purchase_order_id is not null;
create index bill_line_by_receipt on bill_line (tenant_id, receipt_id, receipt_line_no) where receipt_id is not null;

-- The part of a billed line that is matched with one receipt, and what its document changed of it. Rows add up.
create table bill_match (
    tenant_id uuid not null,
    -- The document that made the change: a bill, a receipt, a credit note or a reversal.
    document_id uuid not null,
    document_kind text not null,
    bill_id uuid not null,
    line_no integer not null,
    stock_document_id uuid not null,
    -- Stock units, their value as received and as billed.
    quantity numeric(18, 6) not null,
    received_value numeric(18, 4) not null,
    billed_value numeric(18, 4) not null,
    -- The parts of the difference that inventory and cost variance have.
    held numeric(18, 4) not null,
    gone numeric(18, 4) not null,
    constraint bill_match_pkey primary key (tenant_id, document_id, bill_id, line_no, stock_document_id),
    constraint bill_match_line_fkey foreign key (tenant_id, bill_id, line_no)
        references bill_line (tenant_id, bill_id, line_no),
    constraint bill_match_receipt_fkey foreign key (tenant_id, stock_document_id)
        references stock_document (tenant_id, id),
    constraint bill_match_adds_up check (billed_value - received_value = held + gone)
);
create index bill_match_by_line on bill_match (tenant_id, bill_id, line_no);
create index bill_match_by_receipt on bill_match (tenant_id, stock_document_id);
