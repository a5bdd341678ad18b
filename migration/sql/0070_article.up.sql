-- The article that a barcode names: its GTIN in 14 digits, with the zeros that the code may lack. Null for codes of other
-- symbologies, and for those that were written before this step. So it keeps two writers apart that add one article at a
-- time; a write compares with all forms of a code that are stored.
alter table barcode add column gtin text collate "C";
create unique index barcode_gtin_key on barcode (tenant_id, gtin) where gtin is not null;

-- The list price as a text that sorts as the price does: an index on numbers is of no use behind row-level security. Step
-- 0072 fills it in.
alter table product add column price_key text collate "C";
