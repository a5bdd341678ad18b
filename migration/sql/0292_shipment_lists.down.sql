drop index if exists shipment_by_write;
drop index if exists shipment_by_tracking;
