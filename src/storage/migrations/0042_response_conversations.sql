-- Conversations of OpenAI's API: a chain that was made before its first response, with the items that belong to it. All sealed
-- with the key of the person.
create table response_conversation (
  id text primary key references response_chain (id) on delete cascade,
  created_at integer not null,
  metadata blob not null            -- JSON object
) strict, without rowid;

create table response_conversation_item (
  conversation text not null references response_conversation (id) on delete cascade,
  position integer not null,
  item text not null,
  label text not null,              -- of the turn that brought it; empty: nothing was read for it
  content blob not null,            -- JSON
  primary key (conversation, position)
) strict, without rowid;
create unique index response_conversation_item_id on response_conversation_item (item, conversation);
