drop table expected_receipt_line, expected_receipt, transfer_line, transfer, hold_line, hold;
alter table stock_level drop column next_expiry;
