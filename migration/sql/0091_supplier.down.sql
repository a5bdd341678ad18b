drop table supplier_product, supplier;
