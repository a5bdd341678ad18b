alter table reconcile_run drop column input_changed_at;
