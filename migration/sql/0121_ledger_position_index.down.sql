drop index if exists journal_line_by_position;
