drop index hold_by_expiry;
