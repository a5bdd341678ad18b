alter table customer drop column min_remaining_life_days;
drop index stock_movement_lots_of;
drop index stock_movement_by_lot;
alter table transfer_line drop column lot_id;
alter table hold_line drop column lot_id;
drop table lot_recall;
drop table lot;
