"""Examples in prompts: told apart in a prompt's text, and chosen for a question by likeness."""

from tasks.shared.few_shot.index import FewShot
from tasks.shared.few_shot.shown_examples import ShownExample, parsed, written

__all__ = ["FewShot", "ShownExample", "parsed", "written"]
