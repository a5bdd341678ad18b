drop table bank_line;
