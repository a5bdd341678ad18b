-- Outside a transaction: the table may be large.

drop index concurrently if exists journal_line_by_position;

-- Lines above a position are in the last pages of the table. An entry adds no entry to this index.
create index concurrently journal_line_by_position on journal_line using brin (position) with (autosummarize = on);
