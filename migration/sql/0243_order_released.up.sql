-- The instant at which an order was released from its credit hold, and the command in the audit log that did it. Such an order
-- leaves unpaid. Null: it was not released, or by a version that does not know these columns.
alter table sales_order add column released_at timestamptz;
alter table sales_order add column release_command_id uuid;
