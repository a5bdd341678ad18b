drop table provider_login;
