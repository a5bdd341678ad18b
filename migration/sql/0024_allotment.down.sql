alter table layer_use rename constraint layer_use_value_not_negative to layer_draw_value_not_negative;
alter table layer_use rename constraint layer_use_quantity_positive to layer_draw_quantity_positive;
alter table layer_use rename constraint layer_use_tenant_fkey to layer_draw_tenant_fkey;
alter table layer_use rename constraint layer_use_pkey to layer_draw_pkey;
alter table layer_use rename to layer_draw;

alter table stock_level rename column allotted to claimed;

alter table hold no force row level security;
alter table reservation no force row level security;
alter table hold
    drop constraint hold_kind_known,
    drop constraint hold_is_for_a_till,
    drop constraint hold_is_for_a_channel;
alter table reservation drop constraint reservation_kind_known;
update hold set kind = 'till_lease' where kind = 'till_allotment';
update hold set kind = 'channel_floor' where kind = 'channel_allotment';
update reservation set kind = 'till_lease' where kind = 'till_allotment';
update reservation set kind = 'channel_floor' where kind = 'channel_allotment';
alter table hold
    add constraint hold_kind_known check (kind in ('hold', 'quarantine', 'till_lease', 'channel_floor')),
    add constraint hold_is_for_a_till check ((kind = 'till_lease') = (register_id is not null)),
    add constraint hold_is_for_a_channel check ((kind = 'channel_floor') = (channel is not null));
alter table reservation add constraint reservation_kind_known
    check (kind in ('order', 'hold', 'quarantine', 'till_lease', 'channel_floor'));
alter table hold force row level security;
alter table reservation force row level security;
