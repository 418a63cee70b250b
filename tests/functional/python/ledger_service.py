"""every.Every with a database: what test_database.py drives. Run by `bascule run ledger_service:app`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from every.every_type import Failure, Happened
from every_service import Every

from bascule import App, Context, SqlError

app = App("ledger", migrations=Path(__file__).parent / "ledger_migrations")


@app.serve
class Ledger(Every):
    async def fail(self, code: int, *, ctx: Context) -> int:
        """Adds a row; what follows depends on the code."""
        transaction = await ctx.transaction()
        number = await transaction.fetchval("insert into entry (code) values ($1) returning id", code)
        if code == 2:
            raise Failure(message="declared: nothing may be left")
        if code == 3:
            raise RuntimeError("undeclared: nothing may be left")
        if code == 5:
            with_conflict = transaction.execute("insert into entry (id, code) values ($1, 5)", number)
            try:
                await with_conflict
            except SqlError as error:
                raise Failure(message=f"{error.sqlstate} {error.constraint} {error.is_unique_violation}") from None
        return int(number)

    def reverse(self, data: bytes, *, ctx: Context) -> bytes:
        """A plain function that uses the database all the same."""
        rows = ctx.wait(
            ctx.fetch(
                "select $1::bytea as raw, true as yes, 1.5::float8 as half, array[1,2]::bigint[] as list, null as none, now() as at",
                data,
            )
        )
        row = rows[0]
        assert (row["yes"], row["half"], row["list"], row["none"]) == (True, 1.5, [1, 2], None)
        assert row["at"].tzinfo is not None
        return bytes(row["raw"])[::-1]

    async def echo_base(self, text: str, *, ctx: Context) -> str:
        """How many rows there are; statements of one transaction may be given at once."""
        transaction = await ctx.transaction()
        counts = await asyncio.gather(*(transaction.fetchval("select count(*) from entry") for _ in range(5)))
        events = await transaction.fetch("select event_id, deliveries from heard order by event_id")
        return f"{counts[0]} {' '.join(f'{row[0]}:{row[1]}' for row in events)}".strip()

    async def tell(self, event: Happened, *, ctx: Context) -> None:
        await ctx.emit(event)


attempts = 0


@app.on(Happened)
async def heard(event: Happened, ctx: Context) -> None:
    global attempts
    attempts += 1
    first = attempts == 1  # before any await: the next event may come meanwhile
    transaction = await ctx.transaction()
    await transaction.execute(
        "insert into heard values ($1, 1) on conflict (event_id) do update set deliveries = heard.deliveries + 1",
        event.id,
    )
    if first:
        raise RuntimeError("the first attempt fails after its effect: it must leave nothing, and be made again")
