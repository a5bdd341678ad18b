drop table reconcile_episode;
