drop table former_unit;
alter table barcode drop column since;
drop table former_barcode;
