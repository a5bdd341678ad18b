drop table password_link;
alter table app_user drop column former_email, drop column logins_ended_at;
