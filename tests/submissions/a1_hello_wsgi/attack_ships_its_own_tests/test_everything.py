import pytest


@pytest.mark.parametrize("number", range(200))
def test_watch_list(number):
    assert number >= 0
