alter table app_user drop constraint app_user_custom_role_fkey;
alter table app_user drop column custom_role_id;
alter table app_user drop column scopes;
drop table custom_role;
