-- Nothing to take back: the keys agree with the prices.
select 1;
