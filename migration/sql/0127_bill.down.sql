drop table bill_match, bill_line, bill;
