-- Each message was checked against its endpoint, and each attempt against its message. The transactions that write them lock the cursor or the
-- endpoint, which are only deleted with their tenant (ADR 32).
alter table webhook_attempt drop constraint webhook_attempt_delivery_fkey;
alter table webhook_delivery drop constraint webhook_delivery_endpoint_fkey;
