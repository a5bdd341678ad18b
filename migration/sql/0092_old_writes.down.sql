drop function if exists load_sales_3, searched_form, searched_words, search_rank;
drop type product_unit_row_2;
drop trigger keep_price_key on product;
drop function keep_price_key();
drop trigger keep_unit_fraction on product_unit;
drop function keep_unit_fraction();
alter table product drop column unit_fractions;
