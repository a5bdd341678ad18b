alter table tenant drop column moving_until, drop column moved_at;
