drop function if exists auth.find_key_chain(bytea);
-- Origins of a publishable key, and the largest discount of a key and of a till, in percent.
alter table api_key
    add column origins text[] not null default '{}',
    add column discount_max numeric(9, 6),
    add constraint api_key_discount_max_range check (discount_max between 0 and 100);
alter table register
    add column discount_max numeric(9, 6),
    add constraint register_discount_max_range check (discount_max between 0 and 100);
