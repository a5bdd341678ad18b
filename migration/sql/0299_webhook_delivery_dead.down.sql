drop index if exists webhook_delivery_dead;
create index webhook_delivery_by_status on webhook_delivery (tenant_id, status, id);
