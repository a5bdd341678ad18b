//! The tables as sea-orm entities, one file each: data only.

pub mod api_key;
pub mod app_user;
pub mod barcode;
pub mod category;
pub mod channel_price_list;
pub mod customer;
pub mod customer_account;
pub mod location;
pub mod price_list;
pub mod price_rule;
pub mod price_tier;
pub mod product;
pub mod product_group;
pub mod product_unit;
pub mod reason_code;
pub mod refresh_token;
pub mod register;
pub mod sku_mapping;
pub mod supplier;
pub mod tax_class;
pub mod tax_rate;
pub mod tenant;
