-- What a key may be limited to, and the secret that it had before it was rotated.
alter table api_key add column application text not null default '';
alter table api_key add column assistant text not null default '';
alter table api_key add column models text not null default '';       -- words with a space between; empty: all
alter table api_key add column addresses text not null default '';    -- ranges with a space between; empty: all
alter table api_key add column guard text not null default 'enforce' check (guard in ('off', 'observe', 'enforce'));
alter table api_key add column priority text not null default 'program'
  check (priority in ('interactive', 'program', 'batch'));
alter table api_key add column expires_at integer;
alter table api_key add column previous_hash blob;
alter table api_key add column previous_until integer;
create unique index api_key_by_previous_hash on api_key (previous_hash) where previous_hash is not null;

-- Failures of sign-in, so that a restart forgives nobody. Keys are hashes or addresses.
create table sign_in_failure (
  key text primary key,
  failures integer not null,
  last_at integer not null,
  locked_until integer not null
) strict, without rowid;
create index sign_in_failure_by_time on sign_in_failure (last_at);
