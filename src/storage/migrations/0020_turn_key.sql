-- Which answer an Idempotency-Key stands for. Hashes only: what clients call their requests is theirs.
create table turn_key (
  person text not null,
  key blob not null,                -- SHA-256 of the key
  request blob not null,            -- SHA-256 of the conversation and what was asked
  message text not null references message (id) on delete cascade,
  question text not null,           -- empty when none was added
  created_at integer not null,
  primary key (person, key)
) strict, without rowid;
create index turn_key_of_message on turn_key (message);
