-- People and what lets them in. Times are milliseconds since 1970; hashes are SHA-256, 32 bytes.
create table person (
  num integer primary key,
  id text not null unique,
  organisation text not null,
  email text not null,
  name text not null,
  role text not null check (role in ('member', 'manager', 'admin')),
  language text not null,
  password_hash text,
  disabled_at integer,
  notice_seen_at integer,
  created_at integer not null,
  words text not null,  -- folded, of name and e-mail (identity::search_words)
  unique (organisation, email)
) strict;
create index person_admins on person (organisation) where role = 'admin' and disabled_at is null;
-- Kept beside person by its store: with trusted_schema off no trigger may do it.
create virtual table person_search using fts5(
  words, content = 'person', content_rowid = 'num', tokenize = 'unicode61 remove_diacritics 0', prefix = '2 3');

create table person_group (
  num integer primary key,
  id text not null unique,
  organisation text not null,
  name text not null,
  name_key text not null,
  words text not null,
  created_at integer not null,
  unique (organisation, name_key)
) strict;
create table group_person (
  group_id text not null references person_group (id) on delete cascade,
  person text not null references person (id) on delete cascade,
  primary key (group_id, person)
) strict, without rowid;
create index group_person_by_person on group_person (person);
create table group_group (
  group_id text not null references person_group (id) on delete cascade,
  child text not null references person_group (id) on delete cascade,
  primary key (group_id, child)
) strict, without rowid;
create index group_group_by_child on group_group (child);

create table session (
  hash blob primary key,
  id text not null unique,
  organisation text not null,
  person text not null references person (id) on delete cascade,
  created_at integer not null,
  used_at integer not null,
  ends_at integer not null,
  client text not null,
  address text not null
) strict, without rowid;
create index session_by_person on session (person, used_at);
create index session_by_end on session (ends_at);

create table api_key (
  num integer primary key,
  id text not null unique,
  organisation text not null,
  hash blob not null unique,
  person text not null references person (id) on delete cascade,
  name text not null,
  prefix text not null,
  scopes text not null,
  created_at integer not null,
  used_at integer,
  revoked_at integer
) strict;
create index api_key_by_person on api_key (person, id) where revoked_at is null;

create table one_time_link (
  hash blob primary key,
  organisation text not null,
  kind text not null check (kind in ('first_administrator', 'invitation', 'password_reset')),
  person text references person (id) on delete cascade,
  created_at integer not null,
  expires_at integer not null
) strict, without rowid;
create index one_time_link_by_person on one_time_link (organisation, kind, person);

-- Counts up with every change that voids what a process keeps in memory about who may do what.
create table identity_generation (
  organisation text primary key,
  generation integer not null
) strict, without rowid;

-- The key of each person, wrapped by the master key.
create table person_key (
  person text primary key,
  organisation text not null,
  wrapped blob not null,
  created_at integer not null
) strict, without rowid;
