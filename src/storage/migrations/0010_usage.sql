-- What was used, by day and scope: the sums of the usage log's rows up to where each of its segments was summed.
create table usage_day (
  day text not null,                -- 2026-11-22, UTC
  scope text not null,              -- person:ID key:ID group:ID assistant:ID model:ID organisation
  model text not null,              -- empty: no model was called
  requests integer not null,
  errors integer not null,          -- of the requests
  input integer not null,           -- tokens
  cached_input integer not null,
  cache_write integer not null,
  output integer not null,
  reasoning integer not null,
  nano_money integer not null,      -- 1e-9 of the organisation's currency
  micro_wh_low integer not null,    -- 1e-6 Wh
  micro_wh_high integer not null,
  called integer not null,          -- requests that reached a model: what budgets count
  primary key (scope, day, model)
) strict, without rowid;
create index usage_day_by_day on usage_day (day);

create table usage_segment (
  name text primary key,            -- 2026-11-22.0
  summed_bytes integer not null,    -- of the file
  closed integer not null           -- nobody writes to it any more, all is summed
) strict, without rowid;

-- Stops that were no stops: what was found in memory afterwards, and what is known to be missing.
create table usage_gap (
  at integer not null,              -- of the last row before it
  found_at integer not null,
  recovered integer not null,
  lost integer not null
) strict;

-- Budgets that were crossed by four fifths, once a period.
create table budget_warning (
  scope text not null,
  unit text not null check (unit in ('money', 'tokens', 'requests', 'energy')),
  period text not null check (period in ('day', 'week', 'month')),
  begins_at integer not null,
  at integer not null,
  spent integer not null,
  most integer not null,
  primary key (scope, unit, period, begins_at)
) strict, without rowid;

insert into usage_day
  select month || '-01', scope, '', 0, 0, 0, 0, 0, 0, 0, cast(round(amount * 1e9) as integer), 0, 0, 0
  from policy_spend;
drop table policy_spend;
drop table policy_settled;
