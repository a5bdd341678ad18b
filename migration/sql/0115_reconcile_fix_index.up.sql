-- Fixes are listed by the time at which they were first proposed: their ids follow from their content and have no order.
create index reconcile_fix_by_time on reconcile_fix (tenant_id, recorded_at, id);
