drop table attachment_usage;
drop table attachment;
drop table attachment_content;
