alter table cost_to_settle drop column taken_back;
alter table stock_level drop column latest_at;
