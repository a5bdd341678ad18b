drop table webhook_cursor;
