-- Outside a transaction: the table may be large.

drop index concurrently if exists shipment_by_tracking;

-- The list of shipments finds a parcel by the carrier's number.
create index concurrently shipment_by_tracking on shipment (tenant_id, tracking_number) where tracking_number is not null;

drop index concurrently if exists shipment_by_write;

-- A client that keeps a copy in step asks for what was written since. A shipment has no time of a change before its first one.
create index concurrently shipment_by_write on shipment
    using brin (updated_at, recorded_at) with (autosummarize = on, pages_per_range = 16);
