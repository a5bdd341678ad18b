-- The scopes stay with the keys: the version before grants nothing by them.
select 1;
