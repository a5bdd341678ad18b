-- Payments of suppliers in advance, and their application to bills. The next step validates the checks.

alter table supplier_payment
    -- The part of the amount that was paid for no bill; negative in a reversal.
    add column advance numeric(18, 4) not null default 0,
    -- The part of the advance that is not applied to bills.
    add column unapplied numeric(18, 4) not null default 0,
    -- The payment whose advance an application, or the reversal of one, changes.
    add column advance_id uuid,
    drop constraint supplier_payment_kind_known,
    drop constraint supplier_payment_sign,
    add constraint supplier_payment_kind_known check (kind in ('payment', 'reversal', 'application')) not valid,
    add constraint supplier_payment_sign check (
        case when advance_id is not null then amount = 0 when kind = 'payment' then amount > 0 else amount < 0 end
    ) not valid,
    add constraint supplier_payment_unapplied_range check (unapplied between 0 and greatest(advance, 0)) not valid,
    add constraint supplier_payment_advance_fkey foreign key (tenant_id, advance_id)
        references supplier_payment (tenant_id, id) not valid;
