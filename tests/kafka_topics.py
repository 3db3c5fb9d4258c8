"""Topics for tests: names that nobody else has, on whichever broker the test uses."""

import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka.admin import AIOKafkaAdminClient, NewTopic


@dataclass(slots=True)
class Topics:
    """Makes topics, and remembers them."""

    bootstrap_servers: str
    created: list[str] = field(default_factory=list)

    async def create(
        self, name: str = "orders", partitions: int = 1, config: Mapping[str, str] | None = None
    ) -> str:
        """The full name of a new topic: `name` and a suffix that makes it unique."""
        topic = self.unique(name)
        wanted = NewTopic(topic, partitions, 1, topic_configs=dict(config or {}))
        async with self._admin() as admin:
            answer = await admin.create_topics([wanted])
        assert [error for _name, error, *_message in answer.topic_errors] == [0], answer
        self.created.append(topic)
        return topic

    async def delete_all(self) -> None:
        """Delete what was created here."""
        if self.created:
            async with self._admin() as admin:
                await admin.delete_topics(self.created)

    def unique(self, name: str) -> str:
        """A name with a suffix that makes it unique: also for groups and whatever else needs one."""
        return f"{name}-{uuid.uuid4().hex[:8]}"

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        await admin.start()
        try:
            yield admin
        finally:
            await admin.close()
