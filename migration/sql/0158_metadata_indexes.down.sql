drop index if exists product_by_metadata, customer_by_metadata, supplier_by_metadata, sales_order_by_metadata;
