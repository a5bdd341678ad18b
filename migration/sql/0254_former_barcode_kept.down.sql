drop trigger keep_moved_barcode on barcode;
drop trigger keep_removed_barcode on barcode;
drop function keep_former_barcode();
