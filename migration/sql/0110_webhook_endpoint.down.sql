drop table webhook_endpoint;
