"""What clients saw, and whether a broker may have done that. Pure: a list of events in, a verdict out.

Producers and consumers write down what they did (ledger.py), each link of a consumer under a name of its own (`who`); the
checker needs no clock but the order of the events. It holds the broker to this, for durable messages and at least once
delivery:

lost         `accepted` was said, the queue was drained at the end, and nobody ever received it
duplicated   delivered a second time on one living link, or while another living link held it, or after its settlement had
             reached the disk, by the same life of the broker. A client hears of its link's end later than the broker, which may
             have given on by then what the link held, and reads what lay in its buffers later still: one of two links that says
             afterwards that it is gone was dead already, unless it had an answer since to a question that it asked since
resurrected  delivered again by a later life of the broker, although its settlement had reached the disk
reordered    delivered for the first time, as the broker says too, behind a later one of its key, on one consumer's one link
unexpected   nobody sent it, it was refused, or its bytes are not the ones that were sent

Legal, and only counted: a message delivered again because nobody had settled it for certain (`redelivered`), and one whose
producer never heard what became of it and that arrived (`recovered`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Literal

Kind = Literal[
    "sent",  # a producer is about to send `id`, number `seq` of its `key`, with `digest`
    "accepted",  # the broker said so to the producer
    "refused",  # the broker said that it will not have it
    "received",  # a consumer, `who`, got it; `seq` is 0 unless the broker says that it was delivered before
    "settled",  # `who` accepted it; whether the broker heard that is not known yet
    "flushed",  # ... and that settlement is on the broker's disk for certain
    "linked",  # `who` is about to attach
    "heard",  # `who` asked the broker something, once it had heard the last answer, and was answered
    "gone",  # `who` lost its link; what it held may be delivered to others
    "life",  # the broker died, and a new life of it begins
]


@dataclasses.dataclass(frozen=True)
class Event:
    kind: Kind
    id: str = ""
    key: str = ""
    seq: int = 0
    digest: str = ""
    who: str = ""


@dataclasses.dataclass
class Verdict:
    """Ids by what is wrong with them, in the order in which it showed."""

    lost: list[str] = dataclasses.field(default_factory=list)
    duplicated: list[str] = dataclasses.field(default_factory=list)
    resurrected: list[str] = dataclasses.field(default_factory=list)
    reordered: list[str] = dataclasses.field(default_factory=list)
    unexpected: list[str] = dataclasses.field(default_factory=list)
    accepted: int = 0
    received: int = 0
    redelivered: int = 0
    recovered: int = 0

    @property
    def wrong(self) -> dict[str, list[str]]:
        """Only what is wrong; empty for a history that a broker may have."""
        found = {name: getattr(self, name) for name in ("lost", "duplicated", "resurrected", "reordered", "unexpected")}
        return {name: ids for name, ids in found.items() if ids}

    def __str__(self) -> str:
        counts = f"{self.accepted} accepted, {self.received} received, {self.redelivered} redelivered, {self.recovered} recovered"
        bad = "; ".join(f"{len(ids)} {name} ({', '.join(ids[:5])})" for name, ids in self.wrong.items())
        return f"{counts}; {bad or 'nothing wrong'}"


@dataclasses.dataclass
class _Message:
    """What is known of one id so far."""

    event: Event
    accepted: bool = False
    refused: bool = False
    received: bool = False
    holder: str = ""
    links: set[str] = dataclasses.field(default_factory=set)  # that it was delivered on
    flushed_in: int | None = None  # the life of the broker in which its settlement was on disk


@dataclasses.dataclass
class _Suspicion:
    """A message was delivered twice, and neither link has said that it is gone."""

    id: str
    heard: dict[str, int]  # by link that may have been dead by then: answers since; the first may be to a question of before


class _Checker:
    def __init__(self) -> None:
        self.verdict = Verdict()
        self._messages: dict[str, _Message] = {}
        self._life = 0
        self._last: dict[tuple[str, str], int] = {}  # (key, who) -> the last seq that came for the first time
        self._links: set[str] = set()  # that live
        self._dead: set[str] = set()  # what they wrote down late holds nothing any more
        self._suspicions: list[_Suspicion] = []

    def take(self, event: Event) -> None:
        if event.kind == "life":
            self._life += 1
            self._convict(lambda one: True)  # all of them would have gone with the broker only
            self._bury(set(self._links))
        elif event.kind == "linked":
            self._links.add(event.who)
        elif event.kind == "heard":
            self._heard(event.who)
        elif event.kind == "gone":
            acquitted = [one for one in self._suspicions if event.who in one.heard]
            self.verdict.redelivered += len(acquitted)
            self._suspicions = [one for one in self._suspicions if one not in acquitted]
            self._bury({event.who})
        elif event.kind == "sent":
            self._messages[event.id] = _Message(event)
        else:
            self._about(event)

    def _heard(self, who: str) -> None:
        for one in self._suspicions:
            if who in one.heard:
                one.heard[who] += 1
                if one.heard[who] > 1:
                    del one.heard[who]
        self._convict(lambda one: not one.heard)

    def _convict(self, guilty: Callable[[_Suspicion], bool]) -> None:
        self.verdict.duplicated += [one.id for one in self._suspicions if guilty(one)]
        self._suspicions = [one for one in self._suspicions if not guilty(one)]

    def _bury(self, links: set[str]) -> None:
        self._dead |= links
        self._links -= links
        for message in self._messages.values():
            if message.holder in links:
                message.holder = ""

    def _about(self, event: Event) -> None:
        message = self._messages.get(event.id)
        if message is None:
            self.verdict.unexpected.append(event.id)
        elif event.kind == "accepted":
            message.accepted = True
            self.verdict.accepted += 1
        elif event.kind == "refused":
            message.refused = True
            if message.received:
                self.verdict.unexpected.append(event.id)
        elif event.kind == "settled":
            message.holder = "" if message.holder == event.who else message.holder
        elif event.kind == "flushed":
            message.flushed_in = self._life
        elif event.kind == "received":
            self._received(event, message)

    def _received(self, event: Event, message: _Message) -> None:
        self.verdict.received += 1
        if message.event.digest != event.digest or message.refused:
            self.verdict.unexpected.append(event.id)
        if event.who in self._dead:  # it lay in that client's buffers since the link lived
            message.received = True
            return
        if message.flushed_in not in (None, self._life):
            self.verdict.resurrected.append(event.id)
        elif event.who in message.links:
            self.verdict.duplicated.append(event.id)
        elif message.flushed_in is not None:
            self._suspicions.append(_Suspicion(event.id, {event.who: 0}))
        elif message.holder:
            self._suspicions.append(_Suspicion(event.id, {message.holder: 0, event.who: 0}))
        elif message.received:
            self.verdict.redelivered += 1
        if not message.received and event.seq == 0:
            self._in_order(event.who, message.event)
        message.received = True
        message.links.add(event.who)
        self._links.add(event.who)
        message.holder = event.who

    def _in_order(self, who: str, sent: Event) -> None:
        place = (sent.key, who)
        if sent.seq < self._last.get(place, -1):
            self.verdict.reordered.append(sent.id)
        self._last[place] = max(sent.seq, self._last.get(place, -1))

    def end(self, drained: bool) -> Verdict:
        self._convict(lambda one: True)
        for id_, message in self._messages.items():
            if drained and message.accepted and not message.received:
                self.verdict.lost.append(id_)
            if message.received and not message.accepted and not message.refused:
                self.verdict.recovered += 1
        return self.verdict


def check(events: Iterable[Event], drained: bool = True) -> Verdict:
    """The verdict on a history. `drained`: at its end everything in the queues was read, so that what is missing is lost."""
    checker = _Checker()
    for event in events:
        checker.take(event)
    return checker.end(drained)
