alter table supplier_payment_part
    drop constraint supplier_payment_part_discount_range,
    drop column discount_tax,
    drop column discount;
alter table supplier_payment
    drop constraint supplier_payment_discount_sign,
    drop column discount;
alter table bill drop column discounts;
alter table supplier drop column discounts;
