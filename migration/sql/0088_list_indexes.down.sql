drop index if exists product_by_price, invoice_by_due, invoice_open, customer_by_text, payment_by_reference,
    stock_document_by_reference, transfer_by_reference, expected_receipt_by_reference;
