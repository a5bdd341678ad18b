-- Outside a transaction: the table may be large.

drop index concurrently if exists reconcile_episode_unexplained;

-- Open differences that only a count can settle. The count plan reads those of a place.
create index concurrently reconcile_episode_unexplained on reconcile_episode (tenant_id, run_id, place, sku)
    where healed_at is null and class in ('unexplained', 'count_variance');
