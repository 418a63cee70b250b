"""What a customer was told: one message for the end of each order."""

from __future__ import annotations

from pathlib import Path

from shop.events import OrderConfirmed, OrderRejected
from shop.notifications import Notification, NotificationList, NotificationsBase

from bascule import App, Context

app = App("notifications", migrations=Path(__file__).parent / "migrations")

# One message an order, whatever happens: the inbox drops a second delivery, and the unique order a second event.
ADD = "insert into notification (customer_id, order_id, text) values ($1, $2, $3) on conflict (order_id) do nothing"
LIST = """
select id, order_id, text, (extract(epoch from created_at) * 1000)::bigint as created_at_ms
from notification where customer_id = $1 order by id desc limit $2
"""


@app.on(OrderConfirmed)
async def confirmed(event: OrderConfirmed, ctx: Context) -> None:
    items = sum(line.quantity for line in event.lines)
    text = f"Your order {event.order_id} is confirmed: {items} item{'s' if items != 1 else ''}."
    await (await ctx.transaction()).execute(ADD, event.customer_id, event.order_id, text)


@app.on(OrderRejected)
async def rejected(event: OrderRejected, ctx: Context) -> None:
    text = f"Your order {event.order_id} could not be filled: {event.reason}"
    await (await ctx.transaction()).execute(ADD, event.customer_id, event.order_id, text)


@app.serve
class Notifications(NotificationsBase):
    async def list_notifications(self, customer_id: int, limit: int, *, ctx: Context) -> NotificationList:
        rows = await ctx.fetch(LIST, customer_id, limit)
        return NotificationList(
            items=[
                Notification(
                    id=row["id"], order_id=row["order_id"], text=row["text"], created_at_ms=row["created_at_ms"]
                )
                for row in rows
            ]
        )
