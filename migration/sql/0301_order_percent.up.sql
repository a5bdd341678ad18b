-- The percentage of an order's discount over all lines, which an amendment takes off the lines that it changes or adds. Null if the order has
-- none, if the discount is an amount, and for orders from before: their discounts stay in proportion to the quantities.
alter table sales_order add column discount_percent numeric(9, 6);
-- The own discount of an order line if it is an amount, with tax if the unit price contains that. So an amendment tells it from the line's
-- part of the order's percentage.
alter table sales_order_line add column discount_amount numeric(18, 4);
