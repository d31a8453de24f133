"""A fine-tuning file from highly rated answers, with a report on it."""

from prefect import flow

from flows.windows import last_days
from tasks.curate.steps import export_examples
from tasks.shared.records import Batch, Window
from tasks.shared.settings import FineTuningForm, load_settings
from tasks.shared.settings.section import Positive


@flow(timeout_seconds=4 * 3600, validate_parameters=True)
async def export(
    form: FineTuningForm | None = None,
    window: Window | None = None,
    model: str | None = None,
    smallest: Positive | None = None,
    project: str | None = None,
) -> Batch:
    """Write a file to fine-tune a model with: rated high, anonymised, nothing twice, nothing that shall stay unseen.

    Args:
        form: completion, openai, anthropic or bedrock; the settings' form by default.
        window: Where highly rated answers are looked for: a UTC day (2026-11-19) or whole hours; by default the days
            that export.lookback_days says, up to the one before this run was scheduled. Curated examples count always.
        model: The model to be tuned, for token counts and the cost of training; the settings' one by default.
        smallest: Examples below which nothing is exported; the settings' number by default.
        project: The Phoenix project; the settings' project by default.

    Returns:
        One receipt: how many examples the file has, and how many each rule left out; the notes say where the file and
        its report are and what training would cost.
    """
    settings = load_settings()
    window = window or last_days(settings.export.lookback_days)
    receipt: Batch = await export_examples(project or settings.project, window, form, model, smallest)
    return receipt
