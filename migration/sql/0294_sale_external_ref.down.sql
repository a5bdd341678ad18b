drop table sale_external_ref;
