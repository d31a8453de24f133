"""Numbers that states give to people: valid by their checksum, and called what they are."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from tasks.shared.anonymise.found import BEGIN, END, Found, after, digits_of
from tasks.shared.settings import AnonymiseSettings

AREA, GROUP, SERIAL = r"(?!000|666|9)\d{3}", r"(?!00)\d{2}", r"(?!0000)\d{4}"
SSN = re.compile(rf"{BEGIN}(?<!\d-){AREA}-{GROUP}-{SERIAL}{END}(?!-\d)")
SSN_NAMED = after(r"ssn|social[ -]security(?:[ -](?:number|no\.?|nr))?", rf"{AREA}[ .-]?{GROUP}[ .-]?{SERIAL}")

# By module of python-stdnum: what the number is called.
NAMES = {
    "at.vnr": r"svnr|sv-nummer|sozialversicherungsnummer",
    "au.tfn": r"tfn|tax file number",
    "be.nn": r"rijksregister\w*|registre national|nationaal nummer",
    "bg.egn": r"egn",
    "br.cpf": r"cpf",
    "ca.sin": r"sin|social insurance(?: number| no\.?)?",
    "ch.ssn": r"ahv(?:-?n(?:umme)?r)?|avs",
    "cl.rut": r"rut",
    "cn.ric": r"身份证\w*|resident id(?:entity)?(?: card)?",
    "cz.rc": r"rodn[ée] [čc][íi]slo|rc",
    "de.idnr": r"steuer-?id(?:nr|entifikationsnummer)?|steueridentifikationsnummer|idnr",
    "dk.cpr": r"cpr(?:-nummer)?",
    "es.dni": r"dni|nif",
    "es.nie": r"nie",
    "fi.hetu": r"hetu|henkil[öo]tunnus",
    "fr.nir": r"nir|s[ée]curit[ée] sociale|insee",
    "gb.nhs": r"nhs(?: number| no\.?)?",
    "hr.oib": r"oib",
    "ie.pps": r"ppsn?",
    "il.idnr": r"teudat zehut",
    "in_.aadhaar": r"aadhaar",
    "in_.pan": r"pan(?: card| number| no\.?)?",
    "it.codicefiscale": r"codice fiscale|cod\.? ?fisc\.?",
    "kr.rrn": r"rrn|주민등록번호",
    "mx.curp": r"curp",
    "nl.bsn": r"bsn|burgerservicenummer",
    "no.fodselsnummer": r"f[øo]dselsnummer",
    "pl.pesel": r"pesel",
    "pt.cc": r"cart[ãa]o de cidad[ãa]o",
    "ro.cnp": r"cnp",
    "se.personnummer": r"person(?:nummer|nr)",
    "tr.tckimlik": r"kimlik",
    "us.itin": r"itin",
    "za.idnr": r"south african id",
}
ANY_COUNTRY = (
    r"(?:national|personal|citizen)[ -]?(?:id|identity|identification|insurance)?(?:[ -](?:number|card|no\.?))?"
    r"|(?:id|identity)[ -](?:card|number|no\.?)|ausweis\w*|tax(?:payer)?[ -](?:id|number|no\.?)|nino"
)
NUMBER = r"(?=[a-z0-9 ./-]{0,24}\d)[a-z0-9](?:[ ./-]?[a-z0-9]){5,19}"
NINO = re.compile(r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")
BY_NAME = {module: after(words, NUMBER) for module, words in NAMES.items()}
UNNAMED = after(ANY_COUNTRY, NUMBER)
ANY_NAME = re.compile(rf"(?i)(?<![a-z])(?:{'|'.join((*NAMES.values(), ANY_COUNTRY))})(?![a-z])")


def ssns(text: str, _settings: AnonymiseSettings) -> Iterator[Found]:
    """US social security numbers: with dashes, or called so; areas, groups and serials that were given out."""
    for match in SSN.finditer(text):
        yield Found(match.start(), match.end(), digits_of(match[0]))
    for match in SSN_NAMED.finditer(text):
        yield Found(match.start(1), match.end(1), digits_of(match[1]))


def national_ids(text: str, _settings: AnonymiseSettings) -> Iterator[Found]:
    """National ids after a word that says what they are."""
    if not ANY_NAME.search(text):
        return
    for module, pattern in BY_NAME.items():
        for match in pattern.finditer(text):
            yield from _valid(match, (module,))
    for match in UNNAMED.finditer(text):
        yield from _valid(match, tuple(NAMES))


def _valid(match: re.Match[str], modules: tuple[str, ...]) -> Iterator[Found]:
    """The longest beginning of group 1 that is valid in one of *modules*: a sentence may go on behind it."""
    candidate = match[1]
    while candidate:
        compact = re.sub(r"[ ./-]", "", candidate).upper()
        if NINO.fullmatch(compact) or any(_checked(module).is_valid(candidate.upper()) for module in modules):
            yield Found(match.start(1), match.start(1) + len(candidate), compact)
            return
        candidate = re.sub(r"(?:^|[ ./-])[^ ./-]*$", "", candidate)


@cache
def _checked(module: str) -> Any:
    return import_module(f"stdnum.{module}")
