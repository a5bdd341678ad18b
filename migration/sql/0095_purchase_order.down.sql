drop table purchase_receipt_line, purchase_order_line, purchase_order;
