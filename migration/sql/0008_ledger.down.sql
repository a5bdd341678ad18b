drop table journal_line, journal_entry, account;
