alter table webhook_delivery add constraint webhook_delivery_endpoint_fkey
    foreign key (tenant_id, endpoint_id) references webhook_endpoint (tenant_id, id);
alter table webhook_attempt add constraint webhook_attempt_delivery_fkey
    foreign key (tenant_id, delivery_id) references webhook_delivery (tenant_id, id);
