drop table sales_by_customer_year, sales_by_product_year, sales_by_customer, sales_by_product, sales_by_category, sales_by_day, sales_by_quarter_hour, sales_fold;
