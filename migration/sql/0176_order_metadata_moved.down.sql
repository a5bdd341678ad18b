-- Entries stay in the index: there is nothing to revert.
select 1;
