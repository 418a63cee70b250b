create table customer (
  id bigint generated always as identity primary key,
  name text not null,
  email text not null,
  -- The sum of the customer's ledger entries, kept beside them so that it can be read and checked at once.
  balance_minor bigint not null default 0 constraint customer_balance_not_negative check (balance_minor >= 0)
);

-- Double entry by construction: one row moves one amount from one account to another. A customer's account is the
-- customer's id; the shop's own are below zero: -1 the bank that deposits come from, -2 the sales.
create table transfer (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('deposit', 'charge')),
  from_account bigint not null,
  to_account bigint not null check (to_account <> from_account),
  amount_minor bigint not null check (amount_minor >= 0),
  order_id bigint unique check ((kind = 'charge') = (order_id is not null)),
  made_at timestamptz not null default now()
);

-- The ledger as entries: they sum to zero, and each customer's to the balance.
create view entry as
  select id as transfer_id, from_account as account_id, -amount_minor as amount_minor from transfer
  union all
  select id, to_account, amount_minor from transfer;
