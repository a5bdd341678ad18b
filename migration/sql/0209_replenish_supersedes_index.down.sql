drop index if exists replenish_setting_supersedes_key;
