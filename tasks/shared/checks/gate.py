"""The gate between two stages: nothing that fails a critical check becomes visible."""

import asyncio
import inspect
from typing import Protocol

from tasks.shared.checks.check import Validation
from tasks.shared.checks.page import markdown, page, page_path
from tasks.shared.checks.quarantine import keep_out
from tasks.shared.checks.record import record
from tasks.shared.checks.validation import validate
from tasks.shared.errors import CheckFailed
from tasks.shared.settings import CheckSettings
from tasks.shared.store.lake import Lake
from tasks.shared.store.stage import Stage


class Artifact(Protocol):
    """Shows a text beside the run; Prefect's `create_markdown_artifact` is one."""

    def __call__(self, markdown: str, key: str, description: str) -> object:
        """Show *markdown* under *key* (lower-case letters, digits and dashes)."""


def gate(
    stage: Stage,
    lake: Lake,
    settings: CheckSettings,
    artifact: Artifact | None = None,
    *,
    partial: bool = False,
) -> Validation:
    """Validate *stage* and record the verdict; call it before `stage.publish()`, from async code in a thread.

    The validation page is saved in the lake under `validations/`, and *artifact* is called where anything failed.

    Args:
        stage: The rows; sealed by this.
        lake: Where the verdict and the quarantined rows go.
        settings: Thresholds of the warnings.
        artifact: Shows the verdict in the flow run.
        partial: The stage holds only some of the window's rows: only critical checks are asked, and nothing is
            recorded in `checks`.

    Raises:
        CheckFailed: A critical check failed; its rows are in `quarantine`. Names expectation, count and examples.
        CheckBroken: An expectation could not be computed.
    """
    validation = validate(stage, lake, settings, partial=partial)
    kept_out = keep_out(stage, lake, validation)
    if partial and not validation.critical:
        return validation
    if not partial:
        record(lake, validation)
    saved_at = lake.put_file(page_path(validation), page(validation).encode())
    if artifact and (validation.critical or validation.warnings):
        _show(artifact, validation)
    if validation.critical:
        raise CheckFailed(
            f"{validation.message}. {kept_out} rows went to quarantine and the lake keeps what it had; "
            f"see {saved_at}. Correct the source and run the window again."
        )
    return validation


def _show(artifact: Artifact, validation: Validation) -> None:
    shown = artifact(markdown=markdown(validation), key=f"checks-{validation.table}", description=validation.message)
    # In a thread of an async task, Prefect hands back a coroutine that nobody would await.
    if inspect.iscoroutine(shown):
        asyncio.run(shown)
