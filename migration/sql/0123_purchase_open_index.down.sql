drop index if exists purchase_order_line_open;
