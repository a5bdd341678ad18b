reset role;
delete from account where code = '6020' and name = 'Invoice rounding';
set local role stockwell_owner;
alter table invoice
    drop constraint invoice_adds_up,
    add constraint invoice_adds_up check (net = gross - discount and total = net + tax);
alter table invoice drop column rounding;
alter table tenant
    drop constraint tenant_invoice_rounding_not_negative,
    drop column invoice_rounding;
alter table price_list drop column includes_tax;
alter table sales_order_line drop column taxes;
drop table sales_line_tax;
alter table tax_rate drop column taxes;
