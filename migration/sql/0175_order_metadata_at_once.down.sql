alter index if exists sales_order_by_metadata reset (fastupdate);
