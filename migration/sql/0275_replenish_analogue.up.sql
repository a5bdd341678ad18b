-- The product whose rate stands in for the missing weeks of a new one, and the percentage of it that counts. Only settings of a product
-- state them.
alter table replenish_setting
    add column analogue_product_id uuid,
    add column analogue_percent numeric(9, 6);
