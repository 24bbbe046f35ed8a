-- What was spent. Money is counted once an exchange, however often its settlement is written.
create table policy_spend (
  month text not null,              -- 2026-11, UTC
  scope text not null,              -- person:ID, group:ID, key:ID
  amount real not null,
  primary key (month, scope)
) without rowid;

create table policy_settled (
  month text not null,
  exchange text not null,
  amount real not null,
  primary key (month, exchange)
) without rowid;
