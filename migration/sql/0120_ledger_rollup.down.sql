drop table ledger_sum_by_day, ledger_rollup;
alter table journal_line drop column position;
