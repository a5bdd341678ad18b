-- A promise may be pegged to a line of a purchase order. The next step validates the constraints.

alter table peg
    add column purchase_order_id uuid,
    add constraint peg_purchase_fkey foreign key (tenant_id, purchase_order_id, supply_line_no)
        references purchase_order_line (tenant_id, purchase_order_id, line_no) not valid,
    drop constraint peg_one_supply,
    add constraint peg_one_supply
        check (num_nonnulls(expected_receipt_id, transfer_id, purchase_order_id) = 1) not valid;
