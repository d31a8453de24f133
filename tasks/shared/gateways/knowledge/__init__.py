"""Knowledge stores: trajectories of agents, and the guidelines learned from them, kept per namespace.

- `entities`    what is kept, as records
- `store`       what a back end can do; `folded` tells what stands after a history of lessons
- `filesystem`  JSONL files with an index: crash-safe, lockable, to be read with grep
- `milvus`      Milvus, embedded or a server, with vectors for the search
- `passed_over` spans that hold nothing new
- `opening`     the back end that the settings name
"""

from tasks.shared.gateways.knowledge.entities import (
    CATEGORIES,
    Category,
    Change,
    Guideline,
    Lesson,
    Trajectory,
    guideline_id,
)
from tasks.shared.gateways.knowledge.opening import only_sync, open_store, passed_over
from tasks.shared.gateways.knowledge.passed_over import PassedOver
from tasks.shared.gateways.knowledge.store import KnowledgeStore, Vectorise, local_vectors

__all__ = [
    "CATEGORIES",
    "Category",
    "Change",
    "Guideline",
    "KnowledgeStore",
    "Lesson",
    "PassedOver",
    "Trajectory",
    "Vectorise",
    "guideline_id",
    "local_vectors",
    "only_sync",
    "open_store",
    "passed_over",
]
