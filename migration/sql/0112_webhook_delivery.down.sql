drop table webhook_delivery;
