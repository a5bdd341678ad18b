drop table bank_match;
