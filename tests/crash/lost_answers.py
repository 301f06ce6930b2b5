"""Lost answers: a commit is done, and the connection is cut before anybody hears of it."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tests.crash.commands import Client
from tests.crash.journal import Line
from tests.crash.programs import answer
from tests.crash.proxy import Proxy, proxy
from tests.crash.scene import Scene, wholeness
from tests.crash.seen import SEEN
from tests.crash.verdict import Tally, judged
from ticketing.application import Ticketing

_OF_ONE_CLIENT = (0, 1, 2, 5, 6, 7)
"""Commands that no other client is in the way of."""

_SECONDS_TO_GATHER = 0.2


def lose_answer(at: Scene) -> Tally:
    """One client: it gets an error, sends the command again, and is given the first result."""
    client = Client(at.seed, "c")
    lines: list[Line] = []
    complaints = []
    with proxy(at.url) as (between, url), Ticketing(url, projections=[SEEN]) as app, at.app() as direct:
        numbers = _OF_ONE_CLIENT[: at.kills]
        for number in numbers:
            between.lose(partial(_has_grown, direct, direct.store.head()))
            first, second = _sent(app, client, number), _sent(app, client, number)
            lines += (*first, *second)
            if first[-1].kind != "unanswered":
                complaints.append(f"the acknowledgement was lost, and the client was told {first[-1]}")
            if not second[-1].is_repeated:
                complaints.append(f"the command was sent again, and the client was told {second[-1]}")
        direct.projections.catch_up()
        tally = judged(direct, {client: lines}) + wholeness(direct)
        return tally + Tally(tried=between.lost, complaints=tuple(complaints))


def lose_shared_answer(at: Scene) -> Tally:
    """Clients of one process whose commands were committed together: what each of them is told must be true."""
    clients = [Client(at.seed, f"c{number}") for number in range(6)]
    lines: dict[Client, list[Line]] = {client: [] for client in clients}
    with proxy(at.url) as (between, url), Ticketing(url, projections=[SEEN]) as app, at.app() as direct:
        for number in _OF_ONE_CLIENT[: at.kills]:
            for client, said in zip(clients, _sent_together(app, clients, number, between, direct), strict=True):
                again = _sent(app, client, number) if said[-1].kind == "unanswered" else []
                lines[client] += [*said, *again]
        direct.projections.catch_up()
        return Tally(tried=between.lost) + judged(direct, lines) + wholeness(direct)


def _sent_together(
    app: Ticketing, clients: Sequence[Client], number: int, between: Proxy, direct: Ticketing
) -> list[list[Line]]:
    """What clients are told whose commands gather behind the log's lock, when a shared acknowledgement is lost."""
    seen = direct.store.head()

    def has_grown_by_several() -> bool:
        nonlocal seen
        before, seen = seen, direct.store.head()
        return seen - before > 1

    with ThreadPoolExecutor(len(clients)) as threads:
        with direct.store.locked():
            sent = [threads.submit(_sent, app, client, number) for client in clients]
            time.sleep(_SECONDS_TO_GATHER)
            between.lose(has_grown_by_several)
        return [one.result() for one in sent]


def _has_grown(direct: Ticketing, head: int) -> bool:
    return direct.store.head() > head


def _sent(app: Ticketing, client: Client, number: int) -> list[Line]:
    return [Line(kind="sent", number=number), answer(app, client, number)]
