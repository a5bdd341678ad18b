drop index if exists peg_by_purchase;
