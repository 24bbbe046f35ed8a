-- Responses of OpenAI's dialect that programs go on from: what was asked and answered, sealed with the key of the person.
create table response_chain (
  id text primary key,              -- of its first response
  person text not null,
  used_at integer not null          -- it went on, or began
) strict, without rowid;
create index response_chain_of_person on response_chain (person);
create index response_chain_used on response_chain (used_at);

create table response (
  id text primary key,
  chain text not null references response_chain (id) on delete cascade,
  previous text not null,           -- empty: the first
  person text not null,
  created_at integer not null,
  label text not null,              -- the highest of what was read up to here
  items blob not null,              -- JSON list: what this call added
  response blob not null            -- JSON
) strict;
create index response_of_chain on response (chain);
