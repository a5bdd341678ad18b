-- Number of transactions of the entry that a line stands for. Above 1: the entry is not split.
alter table bank_line add column transactions integer not null default 1;
