alter table tenant
    drop constraint tenant_bill_tolerance_range,
    drop column bill_quantity_percent,
    drop column bill_price_percent,
    drop column bill_amount;
