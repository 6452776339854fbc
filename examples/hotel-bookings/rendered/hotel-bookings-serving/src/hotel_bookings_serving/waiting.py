"""Requests that wait for the one thread that predicts: it takes all of them at once.

Nobody waits for others to come: a request that finds the thread free is answered at once, alone.
Those that come in the meantime are answered together when the thread is free again.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Final

from .messages import Answer
from .predictor import Question

MOST: Final = 64  # requests answered together, so that the first of them is not held up


class Waiting:
    """The queue of one event loop."""

    def __init__(
        self,
        executor: Executor,
        answer_all: Callable[[Sequence[Question]], Sequence[Answer]],
    ) -> None:
        self._executor = executor
        self._answer_all = answer_all
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._busy = False

    async def ask(self, body: bytes, given_id: str) -> Answer:
        """The answer to a request."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((Question(body, given_id), answer))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._next)  # after what else was received by now
        return await answer

    def _next(self) -> None:
        together, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        self._busy = bool(together)
        if together:
            questions = [question for question, _ in together]
            loop = asyncio.get_running_loop()
            job = loop.run_in_executor(self._executor, self._answer_all, questions)
            job.add_done_callback(partial(self._give, [answer for _, answer in together]))

    def _give(
        self,
        waiting: Sequence["asyncio.Future[Answer]"],
        job: "asyncio.Future[Sequence[Answer]]",
    ) -> None:
        error = job.exception()
        answers = [] if error else job.result()
        for place, one in enumerate(waiting):
            if one.done():  # given up by who asked
                continue
            if error:
                one.set_exception(error)
            else:
                one.set_result(answers[place])
        self._next()
