-- Entries that were put off before step 0175.
select gin_clean_pending_list('sales_order_by_metadata');
