-- Batches: calls that a program leaves with us, answered within a day.
create table batch (
  id text primary key,
  person text not null,
  door text not null,               -- openai, anthropic, mistral
  created_at integer not null,
  state integer not null,           -- batches::State
  cancelling_at integer not null,   -- 0: nobody asked for it
  total integer not null,
  completed integer not null,
  failed integer not null,
  head blob not null                -- sealed with the person's key: JSON of all else
) strict;
create index batch_of_person on batch (person, id);
create index batch_unfinished on batch (created_at) where state < 3;

-- Its lines, until it has ended.
create table batch_line (
  batch text not null references batch (id) on delete cascade,
  number integer not null,          -- of the line in its file, from 1
  place integer not null,           -- of its first byte there
  bytes integer not null,
  state integer not null,           -- 0: not answered; 1: answered; 2: answered by an error
  answer blob,                      -- sealed: the line of the output
  primary key (batch, number)
) strict;
create index batch_line_waiting on batch_line (batch, number) where state = 0;
