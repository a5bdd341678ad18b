drop index if exists barcode_gtin_key;
