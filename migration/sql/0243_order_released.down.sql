alter table sales_order drop column release_command_id;
alter table sales_order drop column released_at;
