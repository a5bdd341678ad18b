drop table account_mapping;
