-- Responses that run by themselves: what is to run, sealed, until it ended, and the events of their streams.
alter table response add column state integer not null default 0;       -- responses::State
alter table response add column background integer not null default 0;  -- whether it ran by itself
alter table response add column call blob;
create index response_waiting on response (created_at) where state <> 0;

create table response_event (
  response text not null references response (id) on delete cascade,
  number integer not null,
  frame blob not null,              -- sealed
  primary key (response, number)
) strict, without rowid;
