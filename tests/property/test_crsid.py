"""CRSids as people type them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.crsid import claimed, normalise

USUAL = st.from_regex(r"[a-z]{2,4}[2-9][0-9]{0,3}", fullmatch=True).filter(lambda s: len(s) <= 8)


@given(
    crsid=USUAL, blanks=st.sampled_from(["", " ", "\t"]), domain=st.sampled_from(["", "@cam.ac.uk"])
)
def test_a_usual_crsid_is_the_same_however_it_is_typed(
    crsid: str, blanks: str, domain: str
) -> None:
    found = normalise(f"{blanks}{crsid.upper()}{domain.upper()}{blanks}")

    assert found is not None
    assert found.value == crsid
    assert found.usual


@given(text=st.text(max_size=60))
def test_nothing_that_is_typed_is_refused(text: str) -> None:
    """R1: nobody is refused for a field; what is unusual is only remarked upon."""
    found = normalise(text)

    assert found is None or found.value


@given(text=st.text(max_size=60))
def test_what_was_normalised_stays_as_it_is(text: str) -> None:
    once = normalise(text)
    if once is not None and once.usual:
        assert normalise(once.value) == once


@given(text=st.text(max_size=60))
def test_a_claim_opens_a_record_only_with_a_usual_crsid(text: str) -> None:
    found = claimed(text)

    assert found is None or found.usual


@given(crsid=USUAL, domain=st.sampled_from(["gmail.com", "evil.example", "cam.ac.uk.evil.example"]))
def test_a_name_at_another_domain_is_no_crsid(crsid: str, domain: str) -> None:
    assert claimed(f"{crsid}@{domain}") is None


@given(blanks=st.text(alphabet=" \t\n", max_size=5))
def test_nothing_is_nothing(blanks: str) -> None:
    assert normalise(blanks) is None
    assert normalise(blanks + "@cam.ac.uk") is None


@given(crsid=USUAL)
def test_a_crsid_is_not_printed(crsid: str) -> None:
    """R5: it can come into no log by accident."""
    found = normalise(crsid)

    assert crsid not in repr(found).replace("Crsid", "").replace("usual=True", "")
