-- The audit log: the leaves and inner nodes of a Merkle tree (RFC 9162, section 2.1), the sealed payloads that the leaves
-- commit to, and signed checkpoints. Rows of log_entry and log_node are only ever added.
create table log_entry (
  position integer primary key,     -- of the leaf, from 0
  leaf blob not null,               -- SHA-256(0x00 || canonical entry)
  kind text not null,
  at integer not null,
  actor text not null,
  subject text not null,
  commitment blob not null          -- SHA-256(salt || payload)
);
create index log_entry_of_subject on log_entry (subject, kind);
create index log_entry_of_actor on log_entry (actor, position);
create unique index log_receipt on log_entry (subject) where kind = 'exchange';

create table log_node (
  level integer not null,           -- 1: over two leaves
  position integer not null,        -- covers the leaves [position << level, (position + 1) << level)
  hash blob not null,
  primary key (level, position)
) without rowid;

create table log_payload (
  position integer primary key,
  owner text not null,              -- whose key seals it
  sealed blob not null              -- salt || payload
);
create index log_payload_of_owner on log_payload (owner);

create table log_checkpoint (
  size integer primary key,
  at integer not null,
  note text not null                -- signed
);
