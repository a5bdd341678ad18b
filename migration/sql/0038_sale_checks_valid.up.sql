-- Validation reads the tables and lets others read and write them.

alter table stock_movement validate constraint stock_movement_kind_known;
alter table journal_line validate constraint journal_line_one_side;
