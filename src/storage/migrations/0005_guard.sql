-- Which token stands for which value, a conversation: sealed under the key of its person, so that the file tells
-- nothing and a destroyed key makes it unreadable.
create table pseudonym_map (
  conversation text primary key,
  person text not null,
  version integer not null check (version > 0),
  sealed blob not null,
  changed_at integer not null
) strict, without rowid;
create index pseudonym_map_person on pseudonym_map (person);
