-- The standard terms: an allotment is stock that only one till or one channel may sell; a layer use is what a movement
-- took of a cost layer. The owner of the tables sees every tenant while row-level security is not forced on it.
alter table hold no force row level security;
alter table reservation no force row level security;
alter table hold
    drop constraint hold_kind_known,
    drop constraint hold_is_for_a_till,
    drop constraint hold_is_for_a_channel;
alter table reservation drop constraint reservation_kind_known;
update hold set kind = 'till_allotment' where kind = 'till_lease';
update hold set kind = 'channel_allotment' where kind = 'channel_floor';
update reservation set kind = 'till_allotment' where kind = 'till_lease';
update reservation set kind = 'channel_allotment' where kind = 'channel_floor';
alter table hold
    add constraint hold_kind_known check (kind in ('hold', 'quarantine', 'till_allotment', 'channel_allotment')),
    add constraint hold_is_for_a_till check ((kind = 'till_allotment') = (register_id is not null)),
    add constraint hold_is_for_a_channel check ((kind = 'channel_allotment') = (channel is not null));
alter table reservation add constraint reservation_kind_known
    check (kind in ('order', 'hold', 'quarantine', 'till_allotment', 'channel_allotment'));
alter table hold force row level security;
alter table reservation force row level security;

alter table stock_level rename column claimed to allotted;

alter table layer_draw rename to layer_use;
alter table layer_use rename constraint layer_draw_pkey to layer_use_pkey;
alter table layer_use rename constraint layer_draw_tenant_fkey to layer_use_tenant_fkey;
alter table layer_use rename constraint layer_draw_quantity_positive to layer_use_quantity_positive;
alter table layer_use rename constraint layer_draw_value_not_negative to layer_use_value_not_negative;
