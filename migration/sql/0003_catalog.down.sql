drop table barcode, product_unit, product, tax_rate, tax_class, category;
