-- The percentage of an order line's own discount, by which an amendment computes the discount of another quantity. Null if it has none, if
-- the discount is an amount, and for lines from before: their discount stays in proportion to the quantity.
alter table sales_order_line add column discount_percent numeric(9, 6);
