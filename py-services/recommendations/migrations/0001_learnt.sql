-- How much of each product was sold, in confirmed orders.
create table sale (
  product_id bigint primary key,
  quantity   bigint not null
);
-- Who bought what.
create table purchase (
  customer_id bigint not null,
  product_id  bigint not null,
  primary key (customer_id, product_id)
);
-- In how many orders two products stood together; both directions are kept, so that reading is one index scan.
create table bought_together (
  product_id bigint not null,
  other_id   bigint not null,
  orders     bigint not null,
  primary key (product_id, other_id)
);
