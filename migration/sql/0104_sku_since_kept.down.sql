drop trigger keep_sku_since on product;
drop function keep_sku_since();
