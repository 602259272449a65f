"""Which mirror of a data set answers, found out within seconds whatever the network does.

The name server may hang, a host may accept a connection and never answer, a hotel may answer with its log-in page: all
mirrors are asked at the same time, in threads that are left behind once the deadline has passed.
"""

import queue
import threading
import time
import urllib.request
from collections.abc import Collection
from urllib.parse import urlsplit

from aeutils.data.mnist.sources import Source

DEADLINE = 3.0  # seconds in which some mirror has to answer; importing torchvision comes on top, 5 together
REMEMBER = 60.0  # seconds for which "no network" is believed: the second data set does not wait again

_no_network = (float("-inf"), "")  # when that was last found out in this process, and why


class Unavailable(Exception):
    """The real data set cannot be had; the message says why, in one line."""


def find_mirror(source: Source, without: Collection[str] = ()) -> tuple[str, dict[str, str]]:
    """The first mirror that answers, and torchvision's MD5 of every packed file. Raises Unavailable, with nothing to
    say when all mirrors are `without`."""
    global _no_network
    since, why = _no_network
    began = time.monotonic()
    if began - since < REMEMBER:
        raise Unavailable(why)
    import torchvision  # here, because it takes a second and is needed for a download only

    known = getattr(torchvision.datasets, source.folder)
    checksums = dict(known.resources)
    mirrors = [mirror for mirror in known.mirrors if mirror not in without]
    try:
        return first_answer(mirrors, next(iter(checksums)), DEADLINE), checksums
    except Unavailable as error:
        if time.monotonic() - began > 1:  # a quick refusal costs nothing to hear again, and may be this source's alone
            _no_network = time.monotonic(), str(error)
        raise


def first_answer(mirrors: list[str], file: str, seconds: float) -> str:
    """The first of `mirrors` to send the beginning of `file`. Raises Unavailable after `seconds`, whatever hangs."""
    answers: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
    deadline = time.monotonic() + seconds
    for mirror in mirrors:  # daemons, because nothing can interrupt a thread that waits for the name server
        threading.Thread(target=ask, args=(mirror, file, seconds, answers), daemon=True).start()
    failures = dict.fromkeys(mirrors, f"no answer in {seconds:g} s")
    for _ in mirrors:
        try:
            mirror, failure = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        if not failure:
            return mirror
        failures[mirror] = failure
    raise Unavailable("; ".join(f"{host(mirror)}: {failure}" for mirror, failure in failures.items()))


def ask(mirror: str, file: str, seconds: float, answers: queue.SimpleQueue) -> None:
    """Put (mirror, what is wrong with it) into `answers`; nothing is wrong when a gzip file begins to arrive.

    A page asking to log in to the network answers too, but it does not begin like a gzip file.
    """
    request = urllib.request.Request(mirror + file, headers={"Range": "bytes=0-1", "User-Agent": "aeutils"})
    try:
        # Longer than first_answer waits: the deadline is its own, and it says so in its own words.
        with urllib.request.urlopen(request, timeout=2 * seconds) as response:
            failure = "" if response.read(2) == b"\x1f\x8b" else "answered with something else (a log-in page?)"
    except Exception as error:  # whatever it is, this mirror is of no use now
        failure = one_line(error)
    answers.put((mirror, failure))


def host(url: str) -> str:
    """The host of a URL, as messages name it."""
    return urlsplit(url).netloc


def one_line(error: BaseException) -> str:
    """What went wrong, in one line and without the paths of this machine."""
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    reason = getattr(reason, "strerror", None) or reason  # urllib wraps the error of the system
    return " ".join(str(reason).split()) or type(error).__name__
