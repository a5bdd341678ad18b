alter table purchase_order_line drop column foreign_unit_cost, drop column foreign_value;
alter table purchase_order drop column foreign_currency, drop column exchange_rate, drop column foreign_value;
alter table supplier_payment_part drop column foreign_amount;
alter table supplier_payment drop column foreign_currency, drop column exchange_rate, drop column foreign_amount;
alter table bill_line drop column foreign_unit_cost, drop column foreign_value, drop column foreign_tax;
alter table bill
    drop column foreign_currency, drop column exchange_rate, drop column foreign_value, drop column foreign_tax,
    drop column foreign_open;
