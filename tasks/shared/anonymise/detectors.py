"""The detectors, in the order they look: what an earlier one found, later ones do not see."""

import re

from tasks.shared.anonymise.accounts import cards, ibans
from tasks.shared.anonymise.addresses import emails, ips, macs
from tasks.shared.anonymise.credentials import credentials
from tasks.shared.anonymise.found import Detector
from tasks.shared.anonymise.national import national_ids, ssns
from tasks.shared.anonymise.phones import phones

# These have unmistakable forms, which an id may look like (`DE89370400440532013000` is hexadecimal, too).
BEFORE_IDS = (Detector("SECRET", credentials), Detector("EMAIL", emails), Detector("IBAN", ibans))
# The ones with the strictest checksum come first.
NUMBERS = (
    Detector("CARD", cards),
    Detector("SSN", ssns),
    Detector("MAC", macs),
    Detector("IP", ips),
    Detector("ID", national_ids),
    Detector("PHONE", phones),
)
KINDS = (*(detector.kind for detector in (*BEFORE_IDS, *NUMBERS)), "NAME")

# Ids of traces and rows, and times: they are no one's, and parts of them look like numbers of people.
NOBODYS = re.compile(
    r"(?<![\w-])(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![\w-])"
    r"|(?=[0-9]*[a-fA-F])(?=[a-fA-F]*[0-9])[0-9a-fA-F]{16,}(?![\w-])"
    r"|(?:19|20)\d\d-[01]\d-[0-3]\d(?:[T ][0-2]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w-]))"
)
HAS_DIGIT = re.compile(r"\d")
