"""Ask a judge about cases: nothing past a budget, nothing asked twice, every answer kept the moment it is paid."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import orjson

from tasks.evaluate.answers import Unparseable, agreed, score_of
from tasks.evaluate.cases import Case, Messages, prompt_digest, rendered
from tasks.evaluate.judge import Judge
from tasks.evaluate.tariff import Tariff
from tasks.shared.errors import NightjarError
from tasks.shared.gateways.llm import Models, Reply, Usage, paid_try
from tasks.shared.records import Score, Status
from tasks.shared.retries import seconds_to_wait
from tasks.shared.settings import JudgeSettings
from tasks.shared.store.ledger import Call, Ledger, Wall, today, usd

NOTHING, NO_USAGE = Score(), Usage()
TOO_DEAR = "one call could cost"
# So many cases in a row without any answer: the provider is gone, and the others would only wait for nothing.
FAILURES_IN_A_ROW = 30


@dataclass(frozen=True)
class Verdict:
    """What a case came to. `cost` is in picodollars, zero where an earlier answer was used again."""

    status: Status
    score: Score = NOTHING
    model: str | None = None
    cost: int = 0
    usage: Usage = NO_USAGE
    digest: str = ""
    reused: bool = False


@dataclass(frozen=True)
class Brief:
    """In whose name is asked: the run, its project, and the budgets to stay within on a UTC day."""

    run: str
    project: str
    walls: Callable[[str], Sequence[Wall]]


@dataclass
class Asker:
    """Asks one judge's questions. `stopped` is the reason why no more are asked, once there is one."""

    judge: Judge
    brief: Brief
    settings: JudgeSettings
    models: Models
    ledger: Ledger
    tariffs: dict[str, Tariff]
    stopped: str = ""
    # Prompts that were answered in a batch, and not in a way that could be read: the next such answer is the second.
    unparseable_before: set[str] = field(default_factory=set, init=False)
    _failures: int = field(default=0, init=False)
    _under_way: dict[str, asyncio.Event] = field(default_factory=dict, init=False)

    @property
    def model_names(self) -> list[str]:
        """The judge's model, then its fallback."""
        return list(self.tariffs)

    async def verdicts(self, cases: Sequence[Case], told: Callable[[int, int], None] | None = None) -> list[Verdict]:
        """A verdict for each of *cases*. *told* hears of every one that is done, and what was spent so far."""
        known = self.known(cases)
        found: list[Verdict | None] = [None] * len(cases)
        waiting = iter(enumerate(cases))
        done = spent = 0

        async def work() -> None:
            nonlocal done, spent
            for place, case in waiting:
                verdict = found[place] = await self._verdict(case, known)
                done, spent = done + 1, spent + verdict.cost
                if told:
                    told(done, spent)

        workers, began = min(self.models.pace(self.model_names[0]).most, len(cases)), time.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(work())
        except* NightjarError as failed:  # one line to act on, as everywhere: a ledger that cannot be written, say
            raise failed.exceptions[0] from failed
        verdicts = [verdict for verdict in found if verdict is not None]
        if asked := sum(verdict.status == "scored" and not verdict.reused for verdict in verdicts):
            seconds = (time.monotonic() - began) * min(workers, asked)
            self.ledger.took(self.judge.title, self.model_names[0], asked, seconds)
        return verdicts

    async def check_canaries(self) -> tuple[str, list[Verdict]]:
        """Ask the questions whose verdict is known. Returns what is wrong (nothing: empty) and what they cost."""
        verdicts = []
        for canary in self.judge.canaries:
            verdict = await self._asked(rendered(self.judge.prompt, canary.inputs), "canary")
            verdicts.append(verdict)
            if verdict.status != "scored":
                return f"a question with a known verdict got none: {verdict.score.explanation}", verdicts
            expected = [str(item) for item in canary.expect]
            if verdict.score.label not in expected:
                asked = next(iter(canary.inputs.values()))[:80]
                return (
                    f"a question with a known verdict ({asked!r}) was judged {verdict.score.label}, "
                    f"not {' or '.join(expected)}"
                ), verdicts
        return "", verdicts

    def call(self, model: str, prompt_digest: str, purpose: str = "judgment") -> Call:
        """A call, for the ledger."""
        return Call(
            run=self.brief.run,
            day=today(),
            project=self.brief.project,
            judge=self.judge.title,
            model=model,
            prompt_digest=prompt_digest,
            purpose=purpose,
        )

    def unpaid(self, cases: Sequence[Case]) -> bool:
        """Whether any of *cases* has to be asked."""
        known = self.known(cases)
        return any(prompt_digest(messages) not in known for case in cases for messages in case.orders)

    def known(self, cases: Sequence[Case]) -> dict[str, Verdict]:
        """Verdicts paid for earlier, by prompt digest."""
        digests = [prompt_digest(messages) for case in cases for messages in case.orders]
        known: dict[str, Verdict] = {}
        for model in reversed(self.model_names):
            for digest, answer in self.ledger.answers(self.judge.title, model, digests).items():
                with suppress(Unparseable):  # of a batch that another version of the judge picked up
                    score = score_of(self.judge, orjson.loads(answer))
                    known[digest] = Verdict("scored", score, model, digest=digest, reused=True)
        return known

    async def anew(self, messages: Messages, purpose: str) -> Verdict:
        """Ask, whatever was answered before."""
        return await self._asked(messages, purpose)

    async def _verdict(self, case: Case, known: dict[str, Verdict]) -> Verdict:
        """The verdict on the case; a pairwise judge's second order is asked only where the first got an answer."""
        first = await self._once(case.messages, known)
        if case.swapped is None or first.status != "scored":
            return first
        second = await self._once(case.swapped, known)
        together = replace(
            first,
            cost=first.cost + second.cost,
            usage=first.usage + second.usage,
            reused=first.reused and second.reused,
        )
        if second.status != "scored":
            return replace(together, status=second.status, score=second.score)
        try:
            return replace(together, score=agreed(self.judge, first.score, second.score))
        except Unparseable as why:
            return replace(together, status="unparseable", score=Score(explanation=str(why)))

    async def _once(self, messages: Messages, known: dict[str, Verdict]) -> Verdict:
        """The verdict on *messages*; the same prompt elsewhere in the run is asked once."""
        digest = prompt_digest(messages)
        while digest in self._under_way:
            await self._under_way[digest].wait()
        if digest in known:
            return known[digest]
        answered = self._under_way[digest] = asyncio.Event()
        try:
            verdict = await self._asked(messages, "judgment")
            if verdict.status == "scored":
                known[digest] = replace(verdict, cost=0, usage=Usage(), reused=True)
        finally:
            answered.set()
            self._under_way.pop(digest, None)
        return verdict

    async def _asked(self, messages: Messages, purpose: str) -> Verdict:
        """Ask the model, then the fallback where the model gave no answer at all."""
        verdict = Verdict("errored")
        for name in self.model_names:
            if self.stopped:
                return Verdict("pending", Score(explanation=self.stopped), digest=prompt_digest(messages))
            verdict = await self._asked_of(name, messages, purpose)
            if verdict.status != "errored":
                break
        self._failures = self._failures + 1 if verdict.status == "errored" else 0
        if self._failures >= FAILURES_IN_A_ROW:
            self.stopped = f"{FAILURES_IN_A_ROW} questions in a row got no answer: {verdict.score.explanation}"
        return verdict

    async def _asked_of(self, name: str, messages: Messages, purpose: str) -> Verdict:
        attempt = _Attempts(self, name, messages, purpose)
        for number in range(self.settings.attempts):
            if number:
                await asyncio.sleep(seconds_to_wait(number, self.settings.backoff_seconds, attempt.wait))
            if (verdict := await attempt.once()) is not None:
                return verdict
        trouble = f"no answer after {self.settings.attempts} tries, the last one: {attempt.trouble}"
        return attempt.verdict("errored", Score(explanation=trouble))


@dataclass
class _Attempts:
    """The tries at one question to one model, with what they cost together."""

    asker: Asker
    name: str
    messages: Messages
    purpose: str
    cost: int = 0
    usage: Usage = NO_USAGE
    unparseable: int = 0
    wait: float | None = None
    trouble: str = ""

    def __post_init__(self) -> None:
        """Name the call."""
        self.digest = prompt_digest(self.messages)
        self.most = self.asker.tariffs[self.name].most(self.messages, self.asker.judge)
        self.unparseable = int(self.digest in self.asker.unparseable_before)

    async def once(self) -> Verdict | None:
        """One try; None where another one may help."""
        asker, judge = self.asker, self.asker.judge
        model = asker.models.model(self.name, judge.max_output_tokens, judge.parameters)
        purpose = f"{judge.title} {self.purpose}"
        tried = await paid_try(
            asker.models.pace(self.name),
            asker.ledger,
            self._reserved,
            lambda: model.ask(self.messages, judge.answer_shape, purpose),
        )
        if isinstance(tried, Verdict):
            return tried
        number, reply = tried
        self.wait, self.trouble = reply.retry_after_seconds, reply.trouble
        return self._closed(number, reply)

    def _reserved(self) -> int | Verdict:
        asker = self.asker
        if self.most > asker.tariffs[self.name].cap:
            return self.verdict("budget_stopped", Score(explanation=above_cap(self.most, asker.judge)))
        call = asker.call(self.name, self.digest, self.purpose)
        reserved = asker.ledger.reserve(call, self.most, asker.brief.walls(call.day))
        if isinstance(reserved, int):
            return reserved
        return self.verdict("budget_stopped", Score(explanation=reserved.no_room))

    def _closed(self, number: int, reply: Reply) -> Verdict | None:
        """Put the try into the books, and say what it came to."""
        if reply.kind == "lost":
            return None
        score: Score | None = None
        if reply.kind == "answered" and reply.answer is not None:
            try:
                score = score_of(self.asker.judge, reply.answer)
            except Unparseable as why:
                self.trouble = str(why)
        if reply.usage is not None:
            self._paid(number, reply, keep=score is not None and self.purpose == "judgment")
        if score is not None:
            return self.verdict("scored", score)
        if reply.kind == "refused":
            return self.verdict("errored", Score(explanation=f"refused: {self.trouble}"))
        if reply.kind in {"answered", "unparseable"}:
            self.unparseable, self.wait = self.unparseable + 1, 0.0
            if self.unparseable > 1:
                return self.verdict("unparseable", Score(explanation=f"asked twice, the second time: {self.trouble}"))
        return None

    def _paid(self, number: int, reply: Reply, *, keep: bool) -> None:
        assert reply.usage is not None
        cost = self.asker.tariffs[self.name].cost(reply.usage)
        answer = orjson.dumps(dict(reply.answer or {})).decode() if keep else None
        self.asker.ledger.settle(number, cost, answer)
        self.cost, self.usage = self.cost + cost, self.usage + reply.usage

    def verdict(self, status: Status, score: Score) -> Verdict:
        """The verdict with what all tries cost."""
        return Verdict(status, score, self.name, self.cost, self.usage, self.digest)


def above_cap(most: int, judge: Judge) -> str:
    """Why a call that can cost *most* picodollars is not made."""
    return f"{TOO_DEAR} {usd(most):.6f} USD, above max_cost_usd {judge.max_cost_usd}"
