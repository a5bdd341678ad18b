drop table bi_login;
