"""Which topic it is that has a name, as a commit says it beside its offset.

A topic that is deleted and created again gets another id. Ids are given out by each cluster for itself: they
tell nothing of a topic that was copied to another cluster, with its group's commits and their metadata, as
MirrorMaker does. So the cluster is named too, and ids are compared within one only.
"""

from dataclasses import dataclass

_TOPIC_ID = "topic-id="
_CLUSTER = " cluster="


@dataclass(frozen=True, slots=True)
class TopicId:
    """A topic's `id`, as Kafka's tools write it, and the id of its `cluster`; that is empty where unknown."""

    id: str
    cluster: str

    @classmethod
    def of_commit(cls, metadata: str | None) -> "TopicId | None":
        """The topic that a commit was made on; None where it does not say."""
        if not metadata or not metadata.startswith(_TOPIC_ID):
            return None
        id_, _, cluster = metadata.removeprefix(_TOPIC_ID).partition(_CLUSTER)
        return cls(id_, cluster)

    def to_commit(self) -> str:
        """What a commit on this topic says beside its offset."""
        return _TOPIC_ID + self.id + (_CLUSTER + self.cluster if self.cluster else "")


def is_another(read: TopicId | None, now: TopicId | None) -> bool:
    """Whether the topic that was `read` is known not to be the one that is there `now`."""
    return read is not None and now is not None and read.cluster == now.cluster and read.id != now.id
