-- Outside a transaction: the table may be large.

drop index concurrently if exists peg_by_purchase;

create index concurrently peg_by_purchase on peg (tenant_id, purchase_order_id, supply_line_no) where purchase_order_id is not null;

alter table peg validate constraint peg_purchase_fkey;

alter table peg validate constraint peg_one_supply;
