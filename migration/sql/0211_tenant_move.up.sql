-- The move of a tenant to another database.
alter table tenant
    -- Until when its writes are rejected. The move sets it again and again, so a move that was killed ends.
    add column moving_until timestamptz,
    -- When it was moved. Its requests are rejected from then on.
    add column moved_at timestamptz;
