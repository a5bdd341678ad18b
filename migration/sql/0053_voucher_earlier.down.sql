alter table journal_line no force row level security;
