drop index if exists journal_entry_by_hand;
