create table notification (
  id          bigint generated always as identity primary key,
  customer_id bigint not null,
  order_id    bigint not null unique,
  text        text not null,
  created_at  timestamptz not null default now()
);
create index notification_of_customer on notification (customer_id, id desc);
