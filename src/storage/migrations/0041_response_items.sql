-- The ids by which later calls name what a kept response holds.
create table response_item (
  item text not null,
  response text not null references response (id) on delete cascade,
  primary key (item, response)
) strict, without rowid;
create index response_item_of_response on response_item (response);
