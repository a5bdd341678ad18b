-- The factor of a unit may be a fraction. `factor` is the nearest decimal then: with at most 10,000 as denominator, it has only
-- one numerator. Servers of the version before read the decimal.
alter table product_unit add column factor_denominator smallint not null default 1;
alter table product_unit
    add constraint product_unit_denominator_range check (factor_denominator between 1 and 10000) not valid;
