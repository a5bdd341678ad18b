-- The answer of the latest run of the reconciliation. The notes on views in 40_bi.sql apply: the names come out of JSON, so they are
-- expressions already.

create view bi.reconciliation_exceptions with (security_invoker = true) as
select
    r.recorded_at as run_at, e.rank::integer as exception_rank, e.one ->> 'class' as exception_class,
    e.one ->> 'type' as event_type, e.one #>> '{edge,from}' as edge_from, e.one #>> '{edge,to}' as edge_to,
    e.one #>> '{scope,place}' as scope_place, e.one #>> '{scope,sku}' as scope_sku,
    e.one #>> '{scope,category}' as scope_category, e.one #>> '{scope,actor}' as scope_actor,
    (e.one ->> 'episodes')::integer as episodes, (e.one ->> 'weeks')::integer as weeks_with_episodes,
    (e.one ->> 'units')::numeric as difference_units, (e.one ->> 'minutes_per_week')::numeric as minutes_per_week,
    (e.one ->> 'value_per_week')::numeric as value_per_week, (e.one ->> 'benefit')::numeric as benefit_per_week,
    (e.one ->> 'effort_days')::numeric as effort_days, (e.one ->> 'confidence')::numeric as confidence,
    (e.one ->> 'eligible')::boolean as eligible, e.one ->> 'why_not' as why_not
from (
    select exceptions, recorded_at from public.reconcile_run
    where tenant_id = bi.tenant() order by id desc limit 1
) r
cross join lateral jsonb_array_elements(r.exceptions) with ordinality e (one, rank);

create view bi.reconciliation_health with (security_invoker = true) as
select
    r.recorded_at as run_at, (w.one ->> 'from')::timestamptz as week_from, (w.one ->> 'until')::timestamptz as week_until,
    (w.one ->> 'movements')::bigint as compared_movements, (w.one ->> 'exceptions')::bigint as exceptions,
    (w.one ->> 'exceptions_per_1000')::numeric as exceptions_per_1000,
    (w.one ->> 'manual_minutes')::numeric as manual_minutes, (w.one ->> 'explained_share')::numeric as explained_share,
    (w.one ->> 'median_days_open')::numeric as median_days_open,
    (w.one ->> 'open_dual_owners')::integer as open_dual_owners
from (
    select health, recorded_at from public.reconcile_run
    where tenant_id = bi.tenant() order by id desc limit 1
) r
cross join lateral jsonb_array_elements(r.health -> 'weeks') w (one);

grant select on all tables in schema bi to stockwell_app;
