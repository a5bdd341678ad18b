drop index command_by_document;
drop table journal_line, journal_entry, account;
