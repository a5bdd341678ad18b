-- The other tables have the rows of the earlier list.
reset role;
update sales_rollup set layout = 1 where layout = 2;
update sales_rollup set next_layout = 1 where next_layout = 2;
set local role stockwell_owner;
drop table sales_sum_by_month;
