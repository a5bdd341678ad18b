drop table reconcile_bundle;
drop table reconcile_item;
drop table reconcile_sku_mapping;
drop table reconcile_location_mapping;
drop table reconcile_ownership;
drop table reconcile_setting;
drop table reconcile_system;
