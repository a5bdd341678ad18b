-- What can be undone: a transfer under way, a posted count, a shipment that is not invoiced. The next step validates the checks.

alter table transfer_line add column returned numeric(18, 6) not null default 0;
alter table transfer_line
    drop constraint transfer_line_flow,
    add constraint transfer_line_flow check (
        quantity > 0 and received >= 0 and missing >= 0 and returned >= 0 and received + missing + returned <= quantity
    ) not valid;
alter table transfer
    drop constraint transfer_status_known,
    add constraint transfer_status_known check (status in ('in_transit', 'received', 'cancelled')) not valid;

-- The adjustment that took back what the count had posted.
alter table stock_count add column reversal_id uuid;
alter table stock_count
    add constraint stock_count_reversal_fkey foreign key (tenant_id, reversal_id)
        references stock_document (tenant_id, id) not valid,
    drop constraint stock_count_status_known,
    add constraint stock_count_status_known check (
        status in ('counting', 'recount', 'counted', 'posted', 'cancelled', 'reversed')
    ) not valid,
    drop constraint stock_count_posts_once,
    add constraint stock_count_posts_once check (document_id is null or status in ('posted', 'reversed')) not valid;

-- When its stock was put back, if the shipment did not leave.
alter table shipment add column undone_at timestamptz;
alter table shipment
    add constraint shipment_undone_is_not_invoiced check (undone_at is null or invoice_id is null) not valid;
