-- The names that callers give to holds. Whoever places a hold under a name locks the name first: the hold that it
-- replaces may be one that another transaction is just placing, which no lock on holds can find.
create table hold_reference (
    tenant_id uuid not null,
    reference text not null,
    placed_at timestamptz not null,
    constraint hold_reference_pkey primary key (tenant_id, reference)
) with (fillfactor = 85);
insert into hold_reference (tenant_id, reference, placed_at)
select tenant_id, reference, max(placed_at) from hold where reference is not null group by tenant_id, reference;
