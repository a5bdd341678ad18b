-- Outside a transaction: the table may be large.

drop index concurrently if exists sales_line_by_position;

-- Lines above a position are in the last pages of the table. A sale adds no entry to this index.
create index concurrently sales_line_by_position on sales_line using brin (position) with (autosummarize = on);
