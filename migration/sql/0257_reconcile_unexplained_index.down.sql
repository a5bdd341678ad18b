drop index if exists reconcile_episode_unexplained;
