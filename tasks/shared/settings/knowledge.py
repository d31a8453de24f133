"""What agents' trajectories are learned from, and where the knowledge is kept."""

from typing import Literal

from pydantic import Field, SecretStr

from tasks.shared.settings.section import Positive, Section, Share


class SyncSettings(Section):
    """Trajectories from Phoenix into a knowledge store, and the guidelines that come of them."""

    namespace: str = Field("default", description="whose knowledge it is: a team, an agent (KAIZEN_NAMESPACE_ID)")
    store: Literal["filesystem", "milvus"] = Field("filesystem", description="back end (KAIZEN_PROVIDER)")
    folder: str = Field(".nightjar/knowledge", description="folder of the filesystem store, and of locks")
    milvus_uri: str = Field(
        ".nightjar/knowledge/milvus.db", description="http://host:19530, or a file for the embedded Milvus Lite"
    )
    milvus_token: SecretStr | None = Field(None, description="token of a Milvus server, user:password")
    form: Literal["conversation", "messages"] = Field(
        "conversation", description="a trajectory as one entity, or each of its messages as one of its own"
    )
    spans: tuple[str, ...] = Field(
        ("litellm_request",), description="names of the spans that carry trajectories; every span when empty"
    )
    limit: Positive = Field(1000, description="spans that are looked at in a run, newest first")
    model: str = Field("", description="provider/model that writes tips and settles conflicts; judges.model when empty")
    lane: Literal["sync", "batch"] = Field("sync", description="batch: tips at half price, learned by a later run")
    trajectories_per_run: Positive = Field(200, description="trajectories that a run learns from at most")
    longest_conversation: Positive = Field(40_000, description="characters of a conversation that the model is shown")
    longest_answer_tokens: Positive = Field(2000, description="tokens of an answer")
    similar: Positive = Field(5, description="guidelines at most that a new tip is held against")
    similarity: Share = Field(0.35, description="least cosine of a guideline that a new tip is held against")
    embedding_model: str = Field(
        "", description="provider/model of embeddings for the search; hashed character n-grams, free, when empty"
    )
