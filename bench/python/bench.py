"""What the same work costs in CPython: n async context managers that do nothing are
entered, and exited. Prints lines in the Go benchmark format.

    python3 bench.py [--quick]
"""

import asyncio
import sys
import time
from contextlib import AsyncExitStack


class Nothing:
    """A resource that does nothing."""

    entered = exited = 0

    async def __aenter__(self):
        Nothing.entered += 1
        return self

    async def __aexit__(self, *exc):
        Nothing.exited += 1


class gather_cm:
    """Enters cms concurrently, and exits them concurrently.

    As the recipe is passed on (one task for each, which waits between entering and
    exiting) it has three defects, which are mended here: if one cannot be entered,
    the others are cancelled and what was entered is exited; each is told the exception
    of the body; and every exception is raised, not only the first.
    """

    def __init__(self, *cms):
        self.cms = cms

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        self.leave = loop.create_future()
        self.ready = [loop.create_future() for _ in self.cms]
        self.tasks = [loop.create_task(self._hold(cm, r)) for cm, r in zip(self.cms, self.ready)]
        try:
            return await asyncio.gather(*self.ready)
        except BaseException as failed:
            for task, ready in zip(self.tasks, self.ready):
                if not ready.done() or ready.cancelled():
                    task.cancel()  # it is being entered
            await self._exit(failed)
            raise

    async def __aexit__(self, kind, exc, tb):
        errors = await self._exit(exc)
        errors = [e for e in errors if e is not exc]
        if errors:
            raise BaseExceptionGroup("exit", errors)

    async def _exit(self, exc):
        if not self.leave.done():
            self.leave.set_result(exc)
        results = await asyncio.gather(*self.tasks, return_exceptions=True)
        return [r for r in results if isinstance(r, BaseException)]

    async def _hold(self, cm, ready):
        try:
            value = await cm.__aenter__()
        except BaseException as exc:
            if ready.done():
                return
            if isinstance(exc, asyncio.CancelledError):
                ready.cancel()
            else:
                ready.set_exception(exc)
            return
        if not ready.done():
            ready.set_result(value)
        exc = await self.leave
        await cm.__aexit__(type(exc) if exc else None, exc, exc.__traceback__ if exc else None)


async def stack(n):
    """One after another."""
    async with AsyncExitStack() as s:
        for _ in range(n):
            await s.enter_async_context(Nothing())


async def stack_gather(n):
    """Entered concurrently; exited one after another."""
    async with AsyncExitStack() as s:
        await asyncio.gather(*(s.enter_async_context(Nothing()) for _ in range(n)))


async def pool(n):
    async with gather_cm(*(Nothing() for _ in range(n))):
        pass


WAYS = {"AsyncExitStack": stack, "AsyncExitStack+gather": stack_gather, "gather_cm": pool}


async def main(quick):
    seconds, rounds = (0.01, 3) if quick else (0.05, 7)
    await check()
    for n in [1, 10, 100] if quick else [1, 10, 100, 10_000]:
        times = {name: 1 for name in WAYS}
        for name, way in WAYS.items():  # how often fills a round
            while await timed(way, n, times[name]) < seconds:
                times[name] *= 2
        for _ in range(rounds):  # in turns
            for name, way in WAYS.items():
                took = await timed(way, n, times[name])
                ns = took / times[name] * 1e9
                print(f"BenchmarkPython/n={n}/peer={name}-1\t{times[name]}\t{ns:.1f} ns/op\t{n} units/op")


async def timed(way, n, times):
    before = Nothing.exited
    began = time.perf_counter()
    for _ in range(times):
        await way(n)
    took = time.perf_counter() - began
    assert Nothing.exited - before == n * times
    return took


async def check():
    """The mended recipe does what it says."""

    class Fails(Nothing):
        async def __aenter__(self):
            await asyncio.sleep(0)
            raise OSError("cannot be entered")

    class Slow(Nothing):
        async def __aenter__(self):
            await asyncio.sleep(60)

    class BadExit(Nothing):
        async def __aexit__(self, *exc):
            told.append(exc[1])
            raise OSError("exit")

    told = []
    Nothing.entered = Nothing.exited = 0
    try:
        async with gather_cm(Nothing(), Fails(), Slow()):
            raise AssertionError("the body must not run")
    except OSError:
        pass
    assert Nothing.entered == Nothing.exited == 1
    body = ValueError("body")
    try:
        async with gather_cm(BadExit(), BadExit()):
            raise body
    except BaseExceptionGroup as group:
        assert len(group.exceptions) == 2 and group.__context__ is body
    assert told == [body, body]


asyncio.run(main("--quick" in sys.argv))
