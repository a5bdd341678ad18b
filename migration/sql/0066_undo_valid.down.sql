-- A validated check stays valid. The scope stays with the keys: the version before grants nothing by it.
alter table tenant drop column cash_rounding;
