drop table reconcile_discrepancy;
drop table reconcile_run;
