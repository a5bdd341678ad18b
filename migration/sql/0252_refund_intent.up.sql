-- Refunds that tills ask card terminals for. Each names the payment that it pays back.
alter table payment_intent add column original_id uuid;
alter table payment_intent
    add constraint payment_intent_original_fkey
        foreign key (tenant_id, original_id) references payment_intent (tenant_id, id) not valid;
