-- Outside a transaction: the tables may be large.
drop index concurrently if exists payment_intent_of_original;

create index concurrently payment_intent_of_original on payment_intent (tenant_id, original_id, id)
    where original_id is not null;

-- Validation reads the table and lets others read and write it.
alter table payment_intent validate constraint payment_intent_original_fkey;

-- A turn leases the first deliveries that wait for an endpoint, without a look at all that wait.
drop index concurrently if exists webhook_delivery_in_order;

create index concurrently webhook_delivery_in_order on webhook_delivery (tenant_id, endpoint_id, position, written, id)
    where status = 'pending';
