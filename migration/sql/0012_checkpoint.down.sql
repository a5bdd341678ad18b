drop index stock_movement_by_time;
create index stock_movement_by_time on stock_movement using brin (recorded_at) with (autosummarize = on);
drop table stock_checkpoint_level, stock_checkpoint;
