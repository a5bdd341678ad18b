-- The scope stays with the keys: this version grants nothing by it.
drop table period_lock;
