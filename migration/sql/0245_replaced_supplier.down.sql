drop table replaced_location;
drop table replaced_supplier;
