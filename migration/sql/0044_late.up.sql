-- When the latest movement of a level happened: a document before it is late, and costs what the stock cost then. Null until
-- the next movement; the time of the last change stands for it.
alter table stock_level add column latest_at timestamptz;

-- The part of the variance that came back with returned units.
alter table cost_to_settle add column taken_back numeric(18, 4) not null default 0;
