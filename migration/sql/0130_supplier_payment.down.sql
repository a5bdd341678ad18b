drop table supplier_payment_part, supplier_payment;
