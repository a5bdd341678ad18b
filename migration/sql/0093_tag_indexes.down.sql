drop index if exists product_by_tag, customer_by_tag;
