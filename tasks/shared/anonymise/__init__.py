"""Personal data and secrets in texts: found by form and checksum, masked the same way within a dataset.

Pure, offline, no model: what has a form is found by its form, names are found by a judge and handed in.
"""

from tasks.shared.anonymise.anonymiser import Anonymiser
from tasks.shared.anonymise.masks import MASK, without_digests

__all__ = ["MASK", "Anonymiser", "without_digests"]
