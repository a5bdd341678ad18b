alter table sales_line drop column position;
