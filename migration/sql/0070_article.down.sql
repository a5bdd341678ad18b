alter table barcode drop column gtin;
alter table product drop column price_key;
