-- Collections, documents and what is searched of them. See src/knowledge/store.h for what each part promises.

-- Grows with every change of rights, documents or index blocks, so that other processes notice.
create table knowledge_epoch (
  organisation text primary key,
  epoch integer not null
) without rowid;

create table knowledge_collection (
  id text primary key,
  organisation text not null,
  name text not null,
  folded text not null,  -- for searching by name
  label text not null,
  owner text not null,
  created_at integer not null
);
create index knowledge_collection_of on knowledge_collection (organisation, id);

create table knowledge_collection_reader (
  collection text not null references knowledge_collection (id) on delete cascade,
  reader text not null,
  primary key (collection, reader)
) without rowid;

create table knowledge_document (
  id text primary key,
  organisation text not null,
  collection text not null references knowledge_collection (id) on delete cascade,
  name text not null,
  folded text not null,
  created_by text not null,
  created_at integer not null,
  current text,  -- the version that is searched
  newest text not null,  -- the version that was uploaded last; it may be pending, current or failed
  unique (collection, name)
);
create index knowledge_document_of on knowledge_document (collection, id);

-- No foreign key to the document: versions outlive it until they are purged.
create table knowledge_version (
  id text primary key,
  organisation text not null,
  document text not null,
  number integer not null,
  blob text not null,
  bytes integer not null,
  media_type text not null,
  label text,
  restricted integer not null default 0,
  source_version text not null,
  state text not null,
  progress real not null default 0,
  error_code text,
  error_message text,
  error_detail text,
  error_action text,
  title text not null default '',
  pages integer not null default 0,
  first_key integer not null default 0,
  passages integer not null default 0,
  vectors integer not null default 0,  -- how many passages have one of vector_model
  vector_model text not null default '',
  created_at integer not null
);
create index knowledge_version_of on knowledge_version (document);
create index knowledge_version_blob on knowledge_version (blob);

create table knowledge_version_reader (
  version text not null references knowledge_version (id) on delete cascade,
  reader text not null,
  primary key (version, reader)
) without rowid;

create table knowledge_content (
  version text primary key references knowledge_version (id) on delete cascade,
  bytes blob not null
) without rowid;

-- Keys are never used again: a citation of a deleted passage leads nowhere.
create table knowledge_passage (
  key integer primary key autoincrement,
  version text not null,
  ordinal integer not null,
  page integer not null,
  start integer not null,
  stop integer not null,
  title text not null,
  section text not null,
  text text not null,
  unique (version, ordinal)
);

create table knowledge_lexical (
  sequence integer primary key autoincrement,
  version text not null,
  first_key integer not null,
  count integer not null,
  bytes blob not null
);
create index knowledge_lexical_of on knowledge_lexical (version);

create table knowledge_vector (
  sequence integer primary key autoincrement,
  version text not null,
  model text not null,
  first_key integer not null,
  count integer not null,
  bytes blob not null
);
create index knowledge_vector_of on knowledge_vector (version, model, first_key);

create table knowledge_job (
  id integer primary key autoincrement,
  kind text not null,
  version text not null,
  priority integer not null,  -- 0 embed before switching, 1 parse, 2 purge, 3 embed what is searched already
  failures integer not null default 0,
  starts integer not null default 0,
  not_before integer not null default 0,
  owner text,
  lease_until integer not null default 0,
  unique (version, kind)
);
create index knowledge_job_due on knowledge_job (not_before);
