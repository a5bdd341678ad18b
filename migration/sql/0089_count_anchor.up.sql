-- The place of a posted count line among the counts of its level. Null in lines that are not posted, and in those that a
-- version posted which does not know these columns.
alter table stock_count_line
    -- Whether the level took the count on.
    add column stands boolean,
    -- The count before it.
    add column earlier_counted_at timestamptz,
    -- What counts had taken off movements between that count and this one when the sheet was posted. Read under the lock of
    -- the level, as movements are written, so the sum of a later moment differs by what was taken off since.
    add column taken_off_quantity numeric(18, 6),
    add column taken_off_value numeric(18, 4);
