alter table journal_line force row level security;
drop table voucher_move, voucher;
