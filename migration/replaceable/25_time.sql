-- The first instant of a calendar day in a time zone. A midnight that a clock shows twice, when it is put back over it
-- (Azores, Havana), begins the day at its first time; `at time zone` alone returns the second.
create or replace function public.day_begin(day timestamp, zone text)
returns timestamptz
language sql immutable parallel safe
return least(day at time zone zone, (day - interval '1 microsecond') at time zone zone + interval '1 microsecond');
