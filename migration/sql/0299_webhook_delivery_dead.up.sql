-- Outside a transaction: the table may be large.

-- Each delivery wrote this index twice. It is read for the few that were given up. Those that wait have an index of their own, and nearly all
-- others are delivered.
drop index concurrently if exists webhook_delivery_by_status;

drop index concurrently if exists webhook_delivery_dead;

create index concurrently webhook_delivery_dead on webhook_delivery (tenant_id, id) where status = 'dead';
