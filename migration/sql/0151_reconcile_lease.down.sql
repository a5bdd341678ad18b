drop table reconcile_lease;
