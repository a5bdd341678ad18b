drop table webhook_attempt;
