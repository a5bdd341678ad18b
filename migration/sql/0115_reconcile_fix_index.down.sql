drop index reconcile_fix_by_time;
