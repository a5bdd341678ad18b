-- A validated constraint stays valid: there is nothing to revert.
select 1;
