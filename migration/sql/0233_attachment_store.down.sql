-- Fails if a content is in a store: the version before can't read it. Its rows would be lost.
drop table attachment_orphan;
alter table attachment_content drop constraint attachment_content_in_one_place;
alter table attachment_content drop column store;
alter table attachment_content alter column bytes set not null;
