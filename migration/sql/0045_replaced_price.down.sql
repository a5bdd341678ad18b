drop table replaced_price;
