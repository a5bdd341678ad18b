drop table reconcile_input;
drop table reconcile_touchpoint;
drop table reconcile_event;
drop table reconcile_snapshot_line;
drop table reconcile_snapshot;
