-- What a consumer has already done: event messages by message id, calls by idempotency key. Written by the transaction
-- that holds the effect, so the effect and the knowledge of it are one.
create table bascule_inbox (
  consumer     text        not null,
  message_id   text        not null,
  at           timestamptz not null default now(),
  reply        bytea,
  request_hash bytea,
  primary key (consumer, message_id)
);
create index bascule_inbox_at on bascule_inbox (at);
