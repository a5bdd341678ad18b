-- Who listens to the stream is told of what ends by itself: each look asks which holds have ended since the one before.
create index hold_by_expiry on hold (tenant_id, expires_at) where status = 'open';
