drop index if exists webhook_delivery_in_order;
drop index if exists payment_intent_of_original;
