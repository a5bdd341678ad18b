-- Outside a transaction: the table may be large.

drop index concurrently if exists refresh_token_unused;

-- Each login that goes on has one token that was not used.
create index concurrently refresh_token_unused on refresh_token (tenant_id, user_id, id) where used_at is null and revoked_at is null;
