drop table reconcile_verdict;
drop table reconcile_fix_applied;
drop table reconcile_fix;
