-- Matches of bank lines by hand: see service::bank::matched, which alone writes here.

-- A payment that a line is, of a customer or to a supplier. A line may be several payments, and a payment is one line at most.
create table bank_match (
    tenant_id uuid not null,
    bank_line_id uuid not null,
    -- 1, 2, … for the payments of the line. Two matches of one line at once take the same place.
    place integer not null,
    payment_id uuid,
    supplier_payment_id uuid,
    matched_at timestamptz not null,
    constraint bank_match_pkey primary key (tenant_id, bank_line_id, place),
    constraint bank_match_line_fkey foreign key (tenant_id, bank_line_id) references bank_line (tenant_id, id),
    constraint bank_match_payment_fkey foreign key (tenant_id, payment_id) references payment (tenant_id, id),
    constraint bank_match_supplier_payment_fkey foreign key (tenant_id, supplier_payment_id)
        references supplier_payment (tenant_id, id),
    constraint bank_match_one_payment check ((payment_id is null) <> (supplier_payment_id is null)),
    constraint bank_match_payment_key unique (tenant_id, payment_id),
    constraint bank_match_supplier_payment_key unique (tenant_id, supplier_payment_id)
);
