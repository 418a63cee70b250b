"""What a customer may like, learnt from what was bought together.

Each confirmed order counts every pair of its products once. The answer weighs those counts by what the customer bought, leaves
that out, and is filled up with what sells best.
"""

from __future__ import annotations

from pathlib import Path

from shop.events import OrderConfirmed
from shop.recommendations import Recommendation, RecommendationList, RecommendationsBase

from bascule import App, Context

app = App("recommendations", migrations=Path(__file__).parent / "migrations")

SALES = """
insert into sale (product_id, quantity) select * from unnest($1::bigint[], $2::bigint[])
on conflict (product_id) do update set quantity = sale.quantity + excluded.quantity
"""
PURCHASES = """
insert into purchase (customer_id, product_id) select $1, unnest($2::bigint[]) on conflict do nothing
"""
PAIRS = """
insert into bought_together (product_id, other_id, orders)
select a, b, 1 from unnest($1::bigint[]) a, unnest($1::bigint[]) b where a <> b order by a, b
on conflict (product_id, other_id) do update set orders = bought_together.orders + 1
"""
BEST = """
with mine as (select product_id from purchase where customer_id = $1),
liked as (
  select t.other_id as product_id, sum(t.orders) as orders from bought_together t join mine using (product_id)
  where t.other_id not in (select product_id from mine) group by t.other_id
)
select s.product_id, coalesce(l.orders, 0)::float8 + s.quantity::float8 / (1 + sum(s.quantity) over ()) as score
from sale s left join liked l using (product_id)
where s.product_id not in (select product_id from mine)
order by score desc, s.product_id limit $2
"""


@app.on(OrderConfirmed)
async def learn(event: OrderConfirmed, ctx: Context) -> None:
    quantities: dict[int, int] = {}
    for line in event.lines:
        quantities[line.product_id] = quantities.get(line.product_id, 0) + line.quantity
    products = sorted(quantities)  # always in the same order, so that two orders never wait for each other in a circle
    transaction = await ctx.transaction()
    await transaction.execute(SALES, products, [quantities[each] for each in products])
    await transaction.execute(PURCHASES, event.customer_id, products)
    await transaction.execute(PAIRS, products)


@app.serve
class Recommendations(RecommendationsBase):
    async def recommend(self, customer_id: int, limit: int, *, ctx: Context) -> RecommendationList:
        rows = await ctx.fetch(BEST, customer_id, limit)
        return RecommendationList(items=[Recommendation(product_id=row[0], score=row[1]) for row in rows])
