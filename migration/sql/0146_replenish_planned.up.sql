-- Promotions and events that a buyer expects: an array of first day, last day and percentage of the usual demand. Null comes from the
-- wider settings.
alter table replenish_setting add column planned jsonb;
