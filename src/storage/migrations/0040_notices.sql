-- What people are told in the workspace and, where letters are sent, by mail: budgets that are nearly spent.
create table notice (
  id text primary key,
  person text not null,
  at integer not null,
  scope text not null,              -- whose budget: person:ID group:ID key:ID assistant:ID model:ID organisation
  name text not null,               -- of the owner, for people
  unit text not null,
  period text not null,
  most real not null,
  spent real not null,
  begins_at integer not null,       -- of the period
  read_at integer not null default 0,
  letter_due integer not null,      -- when it is to be sent; 0: not, or no more
  letter_tries integer not null default 0,
  letter_sent_at integer not null default 0,
  unique (person, scope, unit, period, begins_at)
) strict;
create index notice_unread on notice (person, at) where read_at = 0;
create index notice_letter_due on notice (letter_due) where letter_due > 0;
create index notice_at on notice (at);
