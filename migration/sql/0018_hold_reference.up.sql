-- References of holds. A transaction that places a hold under a reference locks the reference first. The hold that it
-- replaces may just be placed by another transaction, where no lock on holds can find it.
create table hold_reference (
    tenant_id uuid not null,
    reference text not null,
    placed_at timestamptz not null,
    constraint hold_reference_pkey primary key (tenant_id, reference)
) with (fillfactor = 85);
insert into hold_reference (tenant_id, reference, placed_at)
select tenant_id, reference, max(placed_at) from hold where reference is not null group by tenant_id, reference;
