alter table replenish_setting drop column supersedes_id;
drop table replenish_category;
