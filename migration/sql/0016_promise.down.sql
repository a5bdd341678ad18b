alter table hold
    drop constraint hold_is_for_a_channel,
    drop constraint hold_is_for_a_till,
    drop constraint hold_ends,
    add constraint hold_ends check ((kind = 'hold') = (expires_at is not null)),
    drop constraint hold_kind_known,
    add constraint hold_kind_known check (kind in ('hold', 'quarantine')),
    drop column channel,
    drop column register_id;
drop table peg;
alter table stock_level drop column claimed, drop column backordered;
drop index sales_order_line_waiting;
alter table sales_order_line
    drop constraint sales_order_line_waits,
    drop constraint sales_order_line_flow,
    drop column promised_on,
    drop column backordered_at,
    drop column cancelled,
    drop column backordered,
    add constraint sales_order_line_flow check (
        reserved >= 0 and shipped >= 0 and invoiced >= 0 and reserved + shipped <= quantity and invoiced <= shipped
    );
alter table sales_order drop column priority, drop column policy;
