-- Validation reads the table and lets others read and write it.

alter table attachment_content validate constraint attachment_content_in_one_place;
