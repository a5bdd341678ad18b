alter table payment_intent drop constraint payment_intent_original_fkey;
alter table payment_intent drop column original_id;
