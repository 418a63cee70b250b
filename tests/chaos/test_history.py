"""The checker itself: every kind of bad history is caught, and the legal ones that look alike are not."""

from __future__ import annotations

import random

import pytest

from chaos.history import Event, check


def sent(id_: str, seq: int = 0, key: str = "k", digest: str = "d") -> Event:
    return Event("sent", id_, key=key, seq=seq, digest=digest)


def accepted(id_: str) -> Event:
    return Event("accepted", id_)


def received(id_: str, who: str = "c", digest: str = "d") -> Event:
    return Event("received", id_, who=who, digest=digest)


def settled(id_: str, who: str = "c") -> Event:
    return Event("settled", id_, who=who)


def flushed(id_: str) -> Event:
    return Event("flushed", id_)


def gone(who: str = "c") -> Event:
    return Event("gone", who=who)


def heard(who: str = "c") -> Event:
    return Event("heard", who=who)


LIFE = Event("life")
A = [sent("a"), accepted("a")]
DONE = [*A, received("a"), settled("a"), flushed("a")]

BAD = {
    "accepted and never seen": ([*A], {"lost": ["a"]}),
    "accepted, then the broker died, and never seen": ([*A, LIFE], {"lost": ["a"]}),
    "only the second of two is lost": ([*DONE, sent("b", 1), accepted("b")], {"lost": ["b"]}),
    "held by one and given to another": ([*A, received("a", "c"), received("a", "other")], {"duplicated": ["a"]}),
    "twice on one link": ([*A, received("a"), received("a")], {"duplicated": ["a"]}),
    "twice on one link, settled in between": ([*A, received("a"), settled("a"), received("a")], {"duplicated": ["a"]}),
    "given again after its settlement was flushed": ([*DONE, received("a")], {"duplicated": ["a"]}),
    "the same, to another": ([*DONE, gone(), received("a", "other")], {"duplicated": ["a"]}),
    "back from the dead": ([*DONE, LIFE, received("a", "c2")], {"resurrected": ["a"]}),
    "back from the dead two lives later": ([*DONE, LIFE, LIFE, received("a", "c2")], {"resurrected": ["a"]}),
    "held by one, which is well and alive, and given to another": (
        [*A, received("a"), received("a", "other"), *[heard(), heard("other")] * 2, gone(), gone("other")],
        {"duplicated": ["a"]},
    ),
    "flushed, and given to another, which is well and alive": (
        [*DONE, received("a", "other"), heard("other"), heard("other"), gone("other")],
        {"duplicated": ["a"]},
    ),
    "held by one and given to another before the broker died with both": (
        [*A, received("a"), received("a", "other"), LIFE, gone()],
        {"duplicated": ["a"]},
    ),
    "the later first": (
        [sent("a", 0), sent("b", 1), accepted("a"), accepted("b"), received("b"), received("a")],
        {"reordered": ["a"]},
    ),
    "nobody sent it": ([received("ghost")], {"unexpected": ["ghost"]}),
    "other bytes": ([*A, received("a", digest="other")], {"unexpected": ["a"]}),
    "refused and delivered": ([sent("a"), Event("refused", "a"), received("a")], {"unexpected": ["a"]}),
    "delivered and then refused": ([sent("a"), received("a"), Event("refused", "a")], {"unexpected": ["a"]}),
    "accepted, but nobody sent it": ([accepted("ghost")], {"unexpected": ["ghost"]}),
}

GOOD = {
    "nothing": [],
    "sent, accepted, received, settled": DONE,
    "the outcome never came, and it never arrived": [sent("a")],
    "the outcome never came, and it arrived": [sent("a"), received("a")],
    "received before its acceptance was heard": [sent("a"), received("a"), accepted("a")],
    "refused": [sent("a"), Event("refused", "a")],
    "redelivered because its holder went": [*A, received("a"), gone(), received("a", "other")],
    "written down late by a link that died with the broker": [
        sent("x"),
        received("x"),
        *A,
        LIFE,
        received("a"),
        received("a", "other"),
    ],
    "read late from the buffers of a link that died, after another had it and settled it": [
        sent("x0"),
        *A,
        received("x0"),
        gone(),
        received("a", "other"),
        settled("a", "other"),
        flushed("a"),
        received("a"),
    ],
    "given back by one link and settled late by it, while the next holds it": [
        *A,
        received("a"),
        gone(),
        received("a", "other"),
        settled("a"),
    ],
    "redelivered because its holder went, which heard of it later": [
        *A,
        received("a"),
        received("a", "other"),
        *[heard("other")] * 5,
        heard(),  # from before
        gone(),
    ],
    "read late from the buffers of a link that has not heard that it is gone, after another had it": [
        *A,
        received("a", "other"),
        settled("a", "other"),
        flushed("a"),
        received("a"),
        heard(),  # lay there too
        gone(),
    ],
    "read late from the buffers of a link that died with the broker and had received nothing": [
        *A,
        Event("linked", who="c"),
        LIFE,
        received("a", "other"),
        received("a", "c"),
    ],
    "redelivered because the broker died": [*A, received("a"), LIFE, received("a", "other")],
    "settled, not flushed for certain, and the broker died": [
        *A,
        received("a"),
        settled("a"),
        LIFE,
        received("a", "c2"),
    ],
    "settled, and the link died before the broker heard it": [
        *A,
        received("a"),
        settled("a"),
        gone(),
        received("a", "c2"),
    ],
    "two keys, each in order": [
        sent("a", 0, "x"),
        sent("b", 0, "y"),
        sent("c", 1, "x"),
        accepted("a"),
        accepted("b"),
        accepted("c"),
        received("b"),
        received("a"),
        received("c"),
    ],
    "an earlier one comes back behind a later one": [
        sent("a", 0),
        sent("b", 1),
        accepted("a"),
        accepted("b"),
        received("a"),
        received("b"),
        gone(),
        received("a", "c2"),
    ],
    "the earlier one lay in a frozen client, and the broker says that it was delivered before": [
        sent("a", 0),
        sent("b", 1),
        accepted("a"),
        accepted("b"),
        received("b"),
        Event("received", "a", seq=1, digest="d", who="c"),
    ],
    "two consumers share a key": [
        sent("a", 0),
        sent("b", 1),
        accepted("a"),
        accepted("b"),
        received("b", "two"),
        received("a", "one"),
    ],
}


@pytest.mark.parametrize("name", BAD)
def test_caught(name: str) -> None:
    events, wrong = BAD[name]
    assert check(events).wrong == wrong


@pytest.mark.parametrize("name", GOOD)
def test_not_blamed(name: str) -> None:
    verdict = check(GOOD[name])
    assert verdict.wrong == {}, verdict


def test_nothing_is_lost_while_queues_are_not_drained() -> None:
    assert check(A, drained=False).wrong == {}


def test_what_is_legal_is_counted() -> None:
    verdict = check([sent("a"), received("a"), gone(), received("a", "other"), sent("b"), accepted("b"), received("b")])
    assert (verdict.recovered, verdict.redelivered, verdict.accepted, verdict.received) == (1, 1, 1, 3)


@pytest.mark.parametrize("seed", range(20))
def test_one_fault_in_a_long_history_is_found(seed: int) -> None:
    """A random legal history, then the same with one thing wrong: only that one thing is blamed."""
    chance = random.Random(seed)
    events: list[Event] = []
    life = 0
    for number in range(300):
        id_, who = str(number), f"life{life}"
        events += [sent(id_, number), accepted(id_), received(id_, who), settled(id_, who), flushed(id_)]
        if chance.random() < 0.02:
            events.append(LIFE)
            life += 1
    assert check(events).wrong == {}
    victim = str(chance.randrange(300))
    without = [
        event for event in events if not (event.kind in ("received", "settled", "flushed") and event.id == victim)
    ]
    assert check(without).wrong == {"lost": [victim]}
    assert check([*events, LIFE, received(victim, "c2")]).wrong == {"resurrected": [victim]}
    altered = [received(victim, e.who, digest="x") if e.kind == "received" and e.id == victim else e for e in events]
    assert check(altered).wrong == {"unexpected": [victim]}


def test_a_long_history_is_checked_in_seconds() -> None:
    import time

    events = [e for n in range(50_000) for e in (sent(str(n), n), accepted(str(n)), received(str(n)), settled(str(n)))]
    started = time.process_time()
    assert check(events).wrong == {}
    assert time.process_time() - started < 10
