create table product (
  id bigint generated always as identity primary key,
  name text not null,
  price_minor bigint not null check (price_minor >= 0),
  -- What can still be ordered. The saga never lets it go below zero; this is the proof.
  stock bigint not null constraint product_stock_not_negative check (stock >= 0)
);

-- What is set aside for an order that is neither confirmed nor rejected yet.
create table reservation (
  order_id bigint not null,
  product_id bigint not null references product,
  quantity bigint not null check (quantity > 0),
  primary key (order_id, product_id)
);
