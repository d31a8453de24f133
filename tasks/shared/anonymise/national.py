"""Numbers that states give to people: valid by their checksum, and called what they are."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from typing import Any

from tasks.shared.anonymise.found import BEGIN, END, Found, Sight, after, digits_of

AREA, GROUP, SERIAL = r"(?!000|666|9)\d{3}", r"(?!00)\d{2}", r"(?!0000)\d{4}"
SSN = re.compile(rf"{BEGIN}(?<!\d-){AREA}-{GROUP}-{SERIAL}{END}(?!-\d)")
SSN_CALLED = ("ssn", "social security")
SSN_NAMED = after(SSN_CALLED, rf"{AREA}[ .-]?{GROUP}[ .-]?{SERIAL}")

# By module of python-stdnum: what people call the number.
CALLED = {
    "at.vnr": ("svnr", "sv nummer", "sozialversicherungsnummer"),
    "au.tfn": ("tfn", "tax file number"),
    "be.nn": ("rijksregister", "registre national", "nationaal nummer"),
    "bg.egn": ("egn",),
    "br.cpf": ("cpf",),
    "ca.sin": ("sin", "social insurance"),
    "ch.ssn": ("ahv", "avs"),
    "cl.rut": ("rut",),
    "cn.ric": ("身份证", "resident id"),
    "cz.rc": ("rodné číslo", "rodne cislo"),
    "de.idnr": ("steuer id", "steueridentifikationsnummer", "idnr"),
    "dk.cpr": ("cpr",),
    "es.dni": ("dni", "nif"),
    "es.nie": ("nie",),
    "fi.hetu": ("hetu", "henkilötunnus"),
    "fr.nir": ("nir", "sécurité sociale", "securite sociale", "insee"),
    "gb.nhs": ("nhs no", "nhs"),
    "hr.oib": ("oib",),
    "ie.pps": ("pps",),
    "il.idnr": ("teudat zehut",),
    "in_.aadhaar": ("aadhaar",),
    "in_.pan": ("pan",),
    "it.codicefiscale": ("codice fiscale", "cod fisc"),
    "kr.rrn": ("rrn", "주민등록번호"),
    "mx.curp": ("curp",),
    "nl.bsn": ("bsn", "burgerservicenummer"),
    "no.fodselsnummer": ("fødselsnummer", "fodselsnummer"),
    "pl.pesel": ("pesel",),
    "pt.cc": ("cartão de cidadão", "cartao de cidadao"),
    "ro.cnp": ("cnp",),
    "se.personnummer": ("personnummer", "personnr"),
    "tr.tckimlik": ("kimlik",),
    "us.itin": ("itin",),
    "za.idnr": ("south african id",),
}
ANY_COUNTRY = (
    *("national id", "national insurance", "nino", "citizen id", "personal id", "identity card", "identity number"),
    *("id card", "id number", "id no", "ausweis", "personalausweis", "tax id", "taxpayer id", "tax number"),
)
FIRST_WORDS = frozenset(phrase.split()[0] for phrases in (*CALLED.values(), ANY_COUNTRY) for phrase in phrases)
# Its first letters are few, and digits follow them.
NUMBER = r"(?=[a-z]{0,6}\d|[a-z]{1,2}[ ./-]\d)[a-z0-9](?:[ ./-]?[a-z0-9]){5,19}"
NINO = re.compile(r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")


def ssns(sight: Sight) -> Iterator[Found]:
    """US social security numbers: with dashes, or called so; areas, groups and serials that were given out."""
    if sight.text.count("-") >= 2:
        for match in SSN.finditer(sight.text):
            yield Found(match.start(), match.end(), digits_of(match[0]))
    if sight.speaks_of(SSN_CALLED):
        for match in SSN_NAMED.finditer(sight.text):
            yield Found(match.start(1), match.end(1), digits_of(match[1]))


def national_ids(sight: Sight) -> Iterator[Found]:
    """National ids after a word that says what they are."""
    if FIRST_WORDS.isdisjoint(sight.words.split()):
        return
    for module, phrases in CALLED.items():
        if sight.speaks_of(phrases):
            for match in _named(phrases).finditer(sight.text):
                yield from _valid(match, (module,))
    if sight.speaks_of(ANY_COUNTRY):
        for match in _named(ANY_COUNTRY).finditer(sight.text):
            yield from _valid(match, CALLED)


def _valid(match: re.Match[str], modules: Iterable[str]) -> Iterator[Found]:
    """The longest beginning of group 1 that is valid in one of *modules*: a sentence may go on behind it."""
    candidate = match[1]
    while candidate:
        compact = re.sub(r"[ ./-]", "", candidate).upper()
        if NINO.fullmatch(compact) or any(_checked(module).is_valid(candidate.upper()) for module in modules):
            yield Found(match.start(1), match.start(1) + len(candidate), compact)
            return
        candidate = re.sub(r"(?:^|[ ./-])[^ ./-]*$", "", candidate)


@cache
def _named(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return after(phrases, NUMBER)


@cache
def _checked(module: str) -> Any:
    return import_module(f"stdnum.{module}")
