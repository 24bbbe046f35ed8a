-- Files that programs leave with us: their bytes are blobs, sealed with a key of the file's own, which `head` holds.
create table file (
  id text primary key,
  person text not null,
  created_at integer not null,
  expires_at integer not null,      -- 0: never
  purpose text not null,
  bytes integer not null,
  blob text not null unique,
  head blob not null                -- sealed with the person's key: JSON of name, media type and key
) strict;
create index file_of_person on file (person, id);
create index file_expires on file (expires_at) where expires_at > 0;

-- Blobs of files that are gone, until they are removed too.
create table file_gone (
  blob text primary key
) strict, without rowid;
