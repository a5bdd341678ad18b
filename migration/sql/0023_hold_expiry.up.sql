-- The stream reports expiries: each poll reads the holds that have expired since the previous one.
create index hold_by_expiry on hold (tenant_id, expires_at) where status = 'open';
