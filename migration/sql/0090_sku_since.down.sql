alter table former_sku drop column since;
alter table product drop column sku_since;
