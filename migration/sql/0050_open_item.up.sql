-- What is applied of payments and credit notes to invoices can change after they were received: each change is a document.
-- A payment can be reversed, and a credit paid out: both are rows of `payment`, with an amount below zero if the money went
-- to the customer. The next step validates the checks.

alter table payment
    add column kind text not null default 'payment',
    -- The payment that a reversal takes back.
    add column original_id uuid,
    add column reason text,
    -- The session of the till, if it was in cash.
    add column session_id uuid;
alter table payment
    drop constraint payment_method_known,
    add constraint payment_method_known check (method in ('bank', 'card', 'cash')) not valid,
    drop constraint payment_amount_positive,
    add constraint payment_amount_sign check (
        case kind when 'payment' then amount > 0 when 'payout' then amount < 0 else amount <> 0 end
    ) not valid,
    drop constraint payment_unapplied_range,
    add constraint payment_unapplied_range check (unapplied between 0 and greatest(amount, 0)) not valid,
    add constraint payment_kind_known check (kind in ('payment', 'reversal', 'payout')) not valid,
    add constraint payment_original_named check ((kind = 'reversal') = (original_id is not null)) not valid,
    add constraint payment_session_of_cash check ((method = 'cash') = (session_id is not null)) not valid,
    add constraint payment_original_fkey foreign key (tenant_id, original_id) references payment (tenant_id, id) not valid,
    add constraint payment_session_fkey foreign key (tenant_id, session_id) references pos_session (tenant_id, id) not valid;
create unique index payment_reversed_once on payment (tenant_id, original_id) where original_id is not null;

-- The document that moved the cash and posted it. Other moves post themselves, against the bank.
alter table cash_move
    add column document_kind text,
    add column document_id uuid;

create table application (
    tenant_id uuid not null,
    id uuid not null,
    number text not null,
    kind text not null,
    customer_id uuid not null,
    amount numeric(18, 4) not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    command_id uuid not null,
    constraint application_pkey primary key (tenant_id, id),
    constraint application_number_key unique (tenant_id, number),
    constraint application_customer_fkey foreign key (tenant_id, customer_id) references customer (tenant_id, id),
    constraint application_kind_known check (kind in ('apply', 'unapply')),
    constraint application_amount_positive check (amount > 0)
);
create index application_by_customer on application (tenant_id, customer_id, id);

-- Every change of what is applied of a payment or credit note after it was received, with the document that made it: an
-- application, a credit note, a reversal or a payout. Without an invoice, the document itself took the amount.
create table application_line (
    tenant_id uuid not null,
    document_id uuid not null,
    line_no integer not null,
    payment_id uuid,
    credit_note_id uuid,
    invoice_id uuid,
    amount numeric(18, 4) not null,
    constraint application_line_pkey primary key (tenant_id, document_id, line_no),
    constraint application_line_payment_fkey foreign key (tenant_id, payment_id) references payment (tenant_id, id),
    constraint application_line_credit_note_fkey foreign key (tenant_id, credit_note_id) references invoice (tenant_id, id),
    constraint application_line_invoice_fkey foreign key (tenant_id, invoice_id) references invoice (tenant_id, id),
    constraint application_line_one_credit check ((payment_id is null) <> (credit_note_id is null)),
    constraint application_line_amount_not_zero check (amount <> 0)
);
create index application_line_by_payment on application_line (tenant_id, payment_id) where payment_id is not null;
create index application_line_by_credit_note on application_line (tenant_id, credit_note_id) where credit_note_id is not null;
create index application_line_by_invoice on application_line (tenant_id, invoice_id) where invoice_id is not null;
