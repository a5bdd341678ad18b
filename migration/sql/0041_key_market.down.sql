drop function if exists auth.find_key_chain(bytea);
alter table register drop column discount_max;
alter table api_key drop column origins, drop column discount_max;
