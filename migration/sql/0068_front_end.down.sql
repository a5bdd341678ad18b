drop function if exists printed_seller;
drop table replaced_seller;
alter table tenant drop column tax_number, drop column address, drop column logo_url;
alter table shipment drop column carrier, drop column tracking_number, drop column tracking_url, drop column version, drop column updated_at;
alter table sales_order drop column bill_to, drop column ship_to, drop column metadata, drop column notes, drop column tags;
alter table product drop column images, drop column tags, drop column attachments;
alter table customer drop column contacts, drop column notes, drop column tags, drop column attachments;
