alter table supplier_payment
    drop constraint supplier_payment_advance_fkey,
    drop constraint supplier_payment_unapplied_range,
    drop constraint supplier_payment_sign,
    drop constraint supplier_payment_kind_known,
    add constraint supplier_payment_kind_known check (kind in ('payment', 'reversal')),
    add constraint supplier_payment_sign check (case kind when 'payment' then amount > 0 else amount < 0 end),
    drop column advance_id,
    drop column unapplied,
    drop column advance;
