reset role;
delete from account where code = '2110' and name = 'Landed cost accrued';
set local role stockwell_owner;
drop table landed_cost_line, landed_cost;
