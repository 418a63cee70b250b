-- Events that a transaction of this service has decided to publish. A row is written by the transaction that makes the
-- event true, and deleted once the broker has accepted the event.
create table bascule_outbox (
  id         bigint generated always as identity primary key,
  event_id   uuid        not null default gen_random_uuid(),
  topic      text        not null,
  type       text        not null,
  key        text        not null default '',
  body       bytea       not null,
  headers    text[]      not null default '{}',  -- name, value, name, value, …
  created_at timestamptz not null default now(),
  -- The relay reads only rows whose transaction, and every one that began before it, has ended: ids are handed out before
  -- commit, so without this a row that commits late with a lower id would be passed by.
  txid       xid8        not null default pg_current_xact_id()
);
