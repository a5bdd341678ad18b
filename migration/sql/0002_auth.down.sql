drop table refresh_token, app_user, api_key;
