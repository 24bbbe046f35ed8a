-- Up to where the usage log's rows, and the words that they name, stand sealed in the audit log.
create table usage_seal (
  segment text not null,            -- 2026-11-22.0
  from_row integer not null,
  to_row integer not null,          -- the first that is not in it
  words_to integer not null,        -- bytes of the file of words that this seal and those before cover
  primary key (segment, from_row)
) strict, without rowid;
