-- Outside a transaction: the table may be large.

drop index concurrently if exists purchase_order_line_open;

-- Lines of which something is still to come, in the words of service::stock::incoming: few of all lines that were ever ordered.
create index concurrently purchase_order_line_open on purchase_order_line (tenant_id, product_id) where received + cancelled < quantity;
