alter table replenish_setting
    drop column analogue_percent,
    drop column analogue_product_id;
