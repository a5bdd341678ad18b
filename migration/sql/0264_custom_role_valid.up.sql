-- Validation reads the table and lets others read and write it.

alter table app_user validate constraint app_user_custom_role_fkey;
alter table app_user validate constraint app_user_custom_role_scopes;
