-- The article that a barcode names: its GTIN in 14 digits, with the zeros that the code may lack. Null for codes of other
-- symbologies, and for those that were written before this step: two products may have had one article in two forms. So it
-- keeps two writers apart that add one article at a time (0085 has the index); a write compares with all forms of a code
-- that are stored.
alter table barcode add column gtin text collate "C";

-- The list price as a text that sorts as the price does: an index on numbers is of no use behind row-level security. `~`, which
-- sorts last, stands for no price. Step 0087 fills it in.
alter table product add column price_key text collate "C" not null default '~';
