-- Outside a transaction: the tables may be large.

-- A client that keeps a copy in step asks for what was written since. Pages that were written before are skipped. Such an index has
-- one entry for 16 pages, and an update of a row that stays on its page needs none.

drop index concurrently if exists sales_order_by_write;

create index concurrently sales_order_by_write on sales_order
    using brin (updated_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists invoice_by_write;

create index concurrently invoice_by_write on invoice
    using brin (updated_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists bill_by_write;

create index concurrently bill_by_write on bill
    using brin (updated_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists purchase_order_by_write;

create index concurrently purchase_order_by_write on purchase_order
    using brin (updated_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists transfer_by_write;

create index concurrently transfer_by_write on transfer
    using brin (updated_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists hold_by_write;

create index concurrently hold_by_write on hold
    using brin (updated_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists expected_receipt_by_write;

create index concurrently expected_receipt_by_write on expected_receipt
    using brin (updated_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists landed_cost_by_write;

create index concurrently landed_cost_by_write on landed_cost
    using brin (updated_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists voucher_by_write;

create index concurrently voucher_by_write on voucher
    using brin (updated_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists lot_by_write;

create index concurrently lot_by_write on lot
    using brin (updated_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists stock_count_by_write;

create index concurrently stock_count_by_write on stock_count
    using brin (updated_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists attachment_by_write;

create index concurrently attachment_by_write on attachment
    using brin (updated_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists payment_by_write;

create index concurrently payment_by_write on payment
    using brin (recorded_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists application_by_write;

create index concurrently application_by_write on application
    using brin (recorded_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists pos_sale_by_write;

create index concurrently pos_sale_by_write on pos_sale
    using brin (recorded_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists cash_move_by_write;

create index concurrently cash_move_by_write on cash_move
    using brin (recorded_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists stock_document_by_write;

create index concurrently stock_document_by_write on stock_document
    using brin (recorded_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists supplier_payment_by_write;

create index concurrently supplier_payment_by_write on supplier_payment
    using brin (recorded_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists bank_line_by_write;

create index concurrently bank_line_by_write on bank_line
    using brin (recorded_at) with (autosummarize = on, pages_per_range = 16);

drop index concurrently if exists journal_entry_by_write;

create index concurrently journal_entry_by_write on journal_entry
    using brin (recorded_at) with (autosummarize = on, pages_per_range = 16);
