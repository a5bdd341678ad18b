drop index if exists journal_entry_opening;
