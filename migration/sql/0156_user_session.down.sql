alter table refresh_token drop column began_at, drop column network, drop column user_agent;
