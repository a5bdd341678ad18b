-- Validation reads the table and lets others read and write it.

alter table payment
    validate constraint payment_method_known,
    validate constraint payment_amount_sign,
    validate constraint payment_unapplied_range,
    validate constraint payment_kind_known,
    validate constraint payment_original_named,
    validate constraint payment_session_of_cash,
    validate constraint payment_original_fkey,
    validate constraint payment_session_fkey;
