-- With fastupdate, one order in many would wait until the entries of the others are moved into the index.
alter index sales_order_by_metadata set (fastupdate = off);
