"""Pages of a list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidFields
from common.pages import decode_token, encode_token, page_size


@pytest.mark.parametrize(("asked", "given_"), [(0, 50), (1, 1), (200, 200), (5000, 200), (-3, 50)])
def test_a_page_has_a_size_whatever_is_asked(asked: int, given_: int) -> None:
    assert page_size(asked) == given_


@given(st.text())
def test_a_token_gives_the_position_back(position: str) -> None:
    assert decode_token(encode_token(position)) == position


@pytest.mark.parametrize("token", ["x", "====", "a b", "_w", "é", "YQ=="])
def test_a_token_that_is_not_ours_is_a_wrong_field(token: str) -> None:
    with pytest.raises(InvalidFields) as caught:
        decode_token(token)
    assert list(caught.value.violations) == ["page_token"]
