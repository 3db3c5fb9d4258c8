"""A Faust channel of whole batches, fed by our own source and read by a real Faust agent.

The idea: Faust's stream asks the channel's queue for its next item, and asking for the next is what says
that the one before is done. So the queue finishes it: it waits for the batch's dead letters and moves its
claim, then waits for the next claim that was not dropped meanwhile.

The limits: one actor an agent, since two would tear a partition's order; and no flow control of Faust's,
which starts suspended and clears queues on a rebalance. What is queued is bounded by the source, which
pauses partitions.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal, cast

import faust
from aiokafka import TopicPartition
from faust.channels import Channel
from mode.utils.queues import FlowControlEvent, ThrowableQueue

from stream_pool.stream.batch import Batch
from stream_pool.stream.offsets import Claim

OnError = Literal["dead_letter", "stop", "skip"]
"""What becomes of a record, or a batch, whose handler raised."""

Resume = Callable[[TopicPartition, int, int], Awaitable[int]]
"""Where an agent that folds a log begins in a partition, of which the offsets [earliest, end) are there."""


class BatchQueue(ThrowableQueue[Any]):
    """Takes claims in, gives batches out, and finishes each when the next is asked for."""

    def __init__(self, make_batch: Callable[[Claim], Batch]) -> None:
        super().__init__(maxsize=0, flow_control=FlowControlEvent(initially_suspended=False))
        self._make_batch = make_batch
        self.current: Batch | None = None

    def offer(self, claim: Claim) -> None:
        """Queue a claim. The source bounds how many there are."""
        self.force_put_nowait(claim)

    def empty(self) -> bool:
        """True also while a batch is to be finished first: it makes Faust's stream await `get`."""
        return self.current is not None or super().empty()

    async def get(self) -> Batch:
        """Finish the current batch, then wait for the next one.

        Raises what finishing raises: `DeadLetterUnwritable`, `DeadLetterBudgetExceeded`.
        """
        if self.current is not None:
            await self.current.finish()
            self.let_go()
        while True:
            try:
                return cast(Batch, await super().get())
            except asyncio.QueueEmpty:
                continue  # all that was queued had been dropped

    def get_nowait(self) -> Batch:
        """The next batch that was not dropped. Raises `asyncio.QueueEmpty`."""
        while True:
            claim: Claim = super().get_nowait()
            if claim.begin():
                self.current = self._make_batch(claim)
                return self.current
            claim.release()

    def let_go(self) -> None:
        """Release the current batch, done or not."""
        batch, self.current = self.current, None
        if batch is not None:
            batch.release()


class BatchChannel(Channel[Batch]):
    """What `app.batches(...)` returns: the channel of one agent, on some topics of one consumer group.

    Faust clones a channel before it iterates; every clone shares the one queue, so that the source needs to
    know only the original. `resume` says where an agent with `from_beginning` begins instead.
    `one_by_one`: its agent takes the records of a batch one at a time, each with the host's `work`.
    """

    def __init__(
        self,
        app: faust.App,
        *,
        topics: tuple[str, ...],
        group: str,
        on_error: OnError,
        from_beginning: bool = False,
        resume: Resume | None = None,
        **options: Any,
    ) -> None:
        super().__init__(app, **options)
        self.topics = topics
        self.group = group
        self.on_error = on_error
        self.from_beginning = from_beginning
        self.resume = resume
        self.one_by_one = False

    @property
    def batches(self) -> BatchQueue:
        """The queue behind this channel and all its clones."""
        return cast(BatchQueue, self.queue)

    def _clone_args(self) -> dict[str, Any]:
        return {
            **super()._clone_args(),
            "topics": self.topics,
            "group": self.group,
            "on_error": self.on_error,
            "from_beginning": self.from_beginning,
            "resume": self.resume,
            "queue": self.queue,
        }
