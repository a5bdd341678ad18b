-- The lease of the run that is computed for a tenant, over all servers and workers. A run holds no connection while it computes, so no
-- lock of a session can stand for it.

create table reconcile_lease (
    tenant_id uuid not null constraint reconcile_lease_tenant_fkey references tenant (tenant_id),
    -- The run that has it.
    leased_by uuid not null,
    -- Until then no other run is computed. A process that dies leaves its lease, which ends then.
    lease_until timestamptz not null,
    constraint reconcile_lease_pkey primary key (tenant_id)
) with (fillfactor = 50);
