-- The instant at which input had last changed, as the run saw it. Input that was written by a transaction that began before the run
-- and ended after its reading has another one. Null: there was no input, or a version before this one made the run.
alter table reconcile_run add column input_changed_at timestamptz;
