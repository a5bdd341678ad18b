drop table recurring_entry;
