alter table bank_line drop column transactions;
