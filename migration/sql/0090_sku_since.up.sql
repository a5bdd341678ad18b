-- The instant from which a product has or had a SKU.

-- Null: since it was made, or since a change by a version that does not know this column.
alter table product add column sku_since timestamptz;

-- Null in rows of a version that does not know this column: from the end of the one before.
alter table former_sku add column since timestamptz;
