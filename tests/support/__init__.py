"""What tests with real workers share: workers as processes, the broker's view of a group, and the ledger."""

from support.cluster import Cluster, Produced
from support.lab import Lab
from support.ledger import Account, Entry, Ledger
from support.waiting import until
from support.worker import WorkerProcess

__all__ = ["Account", "Cluster", "Entry", "Lab", "Ledger", "Produced", "WorkerProcess", "until"]
