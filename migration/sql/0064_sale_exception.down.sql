drop table former_sku;
drop table sale_exception;
