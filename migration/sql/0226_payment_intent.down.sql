drop table tender_payment_intent, payment_intent, payment_provider_event, payment_provider;
