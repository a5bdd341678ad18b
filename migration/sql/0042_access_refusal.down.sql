drop table access_refusal;
