drop table provider_account;
