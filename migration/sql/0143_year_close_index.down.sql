drop index if exists journal_entry_year_close;
