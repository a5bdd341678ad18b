-- The owner sees the pegs of every tenant while row-level security is not forced.
alter table peg no force row level security;
delete from peg where purchase_order_id is not null;
alter table peg force row level security;
alter table peg
    drop constraint peg_one_supply,
    drop constraint peg_purchase_fkey,
    drop column purchase_order_id,
    add constraint peg_one_supply check ((expected_receipt_id is null) <> (transfer_id is null));
