-- Step 0092 removes the column.
select 1;
