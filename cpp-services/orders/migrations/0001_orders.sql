create table orders (
  id bigint generated always as identity primary key,
  customer_id bigint not null,
  status text not null default 'PENDING' check (status in ('PENDING', 'CONFIRMED', 'REJECTED')),
  -- The two steps of the saga. Their events come on different topics, so either may be heard of first.
  reserved boolean not null default false,
  paid boolean not null default false,
  total_minor bigint not null default 0,
  reason text check ((reason is not null) = (status = 'REJECTED')),
  created_at timestamptz not null default now()
);
create index orders_of_customer on orders (customer_id, id desc);

create table order_line (
  order_id bigint not null references orders,
  position int not null,
  product_id bigint not null,
  quantity int not null check (quantity > 0),
  price_minor bigint,
  primary key (order_id, position)
);
