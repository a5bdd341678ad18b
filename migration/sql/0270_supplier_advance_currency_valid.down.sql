-- A validated check stays valid: there is nothing to revert.
select 1;
