drop table reconcile_resolution;
