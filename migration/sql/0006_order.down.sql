drop table sales_line, payment_allocation, payment, invoice, shipment_line, shipment, sales_order_line, sales_order;
