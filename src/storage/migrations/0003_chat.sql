-- Conversations as trees of messages, and the events of running answers. What people write is sealed with the key of
-- the person: title, content, meta, data.
create table conversation (
  id text primary key,
  organisation text not null,
  person text not null,
  title blob not null,
  created_at integer not null,
  updated_at integer not null,
  leaf text,                        -- the message whose branch is shown
  label text not null default '',   -- the highest label of what was read here
  settings blob not null            -- JSON: collections, model, label chosen last
) without rowid;
create index conversation_of_person on conversation (person, updated_at desc, id desc);

create table message (
  id text primary key,
  conversation text not null references conversation (id) on delete cascade,
  parent text,
  speaker integer not null,         -- 0 user, 1 assistant
  state integer not null,           -- chat::MessageState
  created_at integer not null,
  exchange text not null default '',
  stream text not null default '',
  content blob not null,
  meta blob not null                -- JSON object of the fields that only answers have
) without rowid;
create index message_of_conversation on message (conversation, id);
create index message_running on message (state) where state = 1;

create table stream_event (
  stream text not null,
  seq integer not null,
  name text not null,
  data blob not null,
  primary key (stream, seq)
) without rowid;

create table stream (
  id text primary key,
  message text not null references message (id) on delete cascade,
  person text not null,
  ended_at integer
) without rowid;
