alter table app_user drop column second_factor, drop column second_factor_since, drop column second_factor_step,
    drop column recovery_codes;
