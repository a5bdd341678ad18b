drop table application_line, application;
alter table cash_move drop column document_kind, drop column document_id;
alter table payment
    drop column kind,
    drop column original_id,
    drop column reason,
    drop column session_id,
    drop constraint payment_method_known,
    add constraint payment_method_known check (method in ('bank', 'card')),
    add constraint payment_amount_positive check (amount > 0),
    drop constraint payment_unapplied_range,
    add constraint payment_unapplied_range check (unapplied between 0 and amount);
