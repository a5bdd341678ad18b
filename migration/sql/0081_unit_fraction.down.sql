alter table product_unit drop column factor_denominator;
