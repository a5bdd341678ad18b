alter table invitation drop column custom_role_id;
