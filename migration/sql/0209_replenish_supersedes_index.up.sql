-- Outside a transaction: the table may be large.

drop index concurrently if exists replenish_setting_supersedes_key;

-- A product is superseded by one other at most. Each run reads all products that supersede others.
create unique index concurrently replenish_setting_supersedes_key on replenish_setting (tenant_id, supersedes_id)
    where supersedes_id is not null;
