"""The simulated judge: knows a simulated answer by its text, with set errors; others it judges by simple rules."""

from collections.abc import Mapping, Sequence

from deployments.simulator.faults import Faults, chance
from deployments.simulator.judging.fields import fields_of
from deployments.simulator.judging.labels import Case, Meaning, meaning_of
from deployments.simulator.judging.obvious import defect, failing_label
from deployments.simulator.judging.pairs import Pair, pair_in
from deployments.simulator.judging.recognition import Recognition
from deployments.simulator.judging.sql import is_sql
from deployments.simulator.judging.verdict import Verdict
from deployments.simulator.known_questions import questions_in, squeezed
from deployments.simulator.truth import Answer


class SimulatedJudge:
    """Judges by the truth of a simulation, with errors that depend on the seed and the text only.

    SQL that answers a simulated question needs no truth file: whether it is right follows from question and SQL. A text
    that nobody knows, such as a judge's own canary, is judged by the rules of `obvious`, which make no errors: an
    obvious verdict is always the obvious one, unless the settings say that the judge is broken.
    """

    def __init__(self, answers: Sequence[Answer] = ()) -> None:
        self.recognition = Recognition(answers)

    def verdict(self, prompt: str, labels: Sequence[str], faults: Faults) -> Verdict:
        """Choose among *labels*, one of which stands for the case looked for (`hallucinated`, `refused` ...)."""
        labels = labels or ("incorrect", "correct")
        if faults.broken_judge == "constant":
            return Verdict(labels[0], "The simulated judge is broken: it always says so.", found=False, quality=0.0)
        if pair := pair_in(prompt, labels):
            return self.better_of(pair, prompt, faults)
        meaning = meaning_of(labels)
        fields = fields_of(prompt)
        answer = fresh_answer(fields) or self.recognition.answer_in(prompt, fields.get("output"))
        if answer is None:
            found = self.by_rule(meaning, fields, prompt)
        else:
            found = self.by_truth(answer, meaning, fields, faults)
        return opposite(found, meaning) if faults.broken_judge else found

    def better_of(self, pair: Pair, prompt: str, faults: Faults) -> Verdict:
        """The better one of two answers; where neither is, a tie, or the same one in both orders."""
        first, second = (self.bad(text, fields_of(prompt), faults) for text in pair.answers)
        label = pair.tie or pair.labels[pair.answers.index(min(pair.answers))]
        if first != second:
            label = pair.labels[int(first)]
        if faults.broken_judge:
            label = pair.labels[1 - pair.labels.index(label)] if label in pair.labels else pair.labels[0]
        if chance(faults.seed, "position", prompt) < faults.position_bias:
            label = pair.labels[0]
        return Verdict(label, f"The simulated judge prefers {label}.", found=False, quality=0.5)

    def bad(self, text: str, fields: dict[str, str], faults: Faults) -> bool:
        """Whether a candidate is a bad answer, as far as the judge can tell."""
        answer = fresh_answer({**fields, "output": text})
        answer = answer or self.recognition.answer_in("\n".join((*fields.values(), text)), text)
        if answer is None:
            return defect("correctness", {**fields, "output": text}) is not None
        rate = faults.true_positive_rate if answer.hallucinated else faults.false_positive_rate
        return chance(faults.seed, "correctness", answer.input, answer.output) < rate

    def realised(self, case: Case, faults: Faults) -> dict[str, float]:
        """The error rates over all known answers: texts that occur often are judged alike, so they differ from the set.

        Only for the cases that the truth tells: grounding, correctness (both: hallucinated) and refusal.
        """
        shares: dict[str, float] = {}
        for true, name in ((True, "true_positive_rate"), (False, "false_positive_rate")):
            rate = faults.true_positive_rate if true else faults.false_positive_rate
            among = [a for a in self.recognition.answers if truth_of(a, case, {}) == true]
            found = sum(chance(faults.seed, case, a.input, a.output) < rate for a in among)
            shares |= {name: found / len(among) if among else 0.0, f"{str(true).lower()}_cases": len(among)}
        return shares

    def by_rule(self, meaning: Meaning, fields: dict[str, str], prompt: str) -> Verdict:
        """The verdict on a text nobody knows."""
        if meaning.case == "which":
            label = failing_label(meaning.middle, fields or {"output": prompt}) or meaning.negative
            found = label != meaning.negative
            return Verdict(label, f"The simulated judge reads {label}.", found, quality=1.0 - found)
        reason = defect(meaning.case, fields or {"output": prompt})
        if reason is None:
            why = f"The simulated judge finds this {meaning.negative}: it knows nothing against it."
            return Verdict(meaning.negative, why, found=False, quality=1.0)
        why = f"The simulated judge finds this {meaning.positive}: {reason}."
        return Verdict(meaning.positive, why, found=True, quality=0.0)

    def by_truth(self, answer: Answer, meaning: Meaning, fields: dict[str, str], faults: Faults) -> Verdict:
        """The verdict on a known answer, wrong as often as the settings say."""
        true = truth_of(answer, meaning.case, fields)
        rate = faults.true_positive_rate if true else faults.false_positive_rate
        text = (meaning.case, answer.input, answer.output)
        found = chance(faults.seed, *text) < rate
        label = meaning.positive if found else meaning.negative
        if not found and meaning.middle and chance(faults.seed, "middle", *text) < faults.rate_middle:
            label = meaning.middle[0]
        noisy = chance(faults.seed, "rating", *text) < faults.rating_noise
        why = f"The simulated judge finds this answer {label}."
        return Verdict(label, why, found, quality=0.05 if found else 0.95, steps_off=int(noisy))


def fresh_answer(fields: Mapping[str, str]) -> Answer | None:
    """The answer in a prompt's *fields*, where question and answer alone tell the truth."""
    asked, output = questions_in(fields.get("input", "")), fields.get("output", "")
    if not asked or not output:
        return None
    found = asked[-1]
    sort = found.sort_of(output)
    if sort is not None:
        text = found.written(sort)  # as the truth file has it: the judge errs on the text, and must err alike
        return Answer(span_id="", input=found.text, output=text, hallucinated=sort != "good", refused=False)
    if found.question is None and (is_sql(output) or squeezed(output) == squeezed(found.written("good"))):
        refused = not is_sql(output)
        return Answer(span_id="", input=found.text, output=output, hallucinated=not refused, refused=refused)
    return None


def truth_of(answer: Answer, case: Case, fields: dict[str, str]) -> bool:
    """Whether the case is true of a known answer: by the truth where it tells, else by the rules."""
    if case == "refusal":
        return answer.refused
    if case in ("grounding", "correctness"):
        return answer.hallucinated
    return defect(case, {**fields, "output": answer.output}) is not None


def opposite(verdict: Verdict, meaning: Meaning) -> Verdict:
    """What a broken judge says."""
    label = meaning.negative if verdict.found else meaning.positive
    why = "The simulated judge is broken: it says the opposite."
    return Verdict(label, why, not verdict.found, 1 - verdict.quality, verdict.steps_off)
