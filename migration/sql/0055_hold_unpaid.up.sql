-- Whether orders of prepaid customers are held until they are paid.
alter table tenant add column hold_unpaid boolean not null default true;

-- Finds the held orders of a customer who pays.
create index sales_order_held on sales_order (tenant_id, customer_id, id) where status = 'on_hold';
