import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.gateway.address import login_page, read_address


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://localhost:5000/v1/api", "https://localhost:5000/v1/api"),
        ("https://localhost:5000/v1/api/", "https://localhost:5000/v1/api"),
        (" HTTPS://gateway.lan/v1/api\n", "https://gateway.lan/v1/api"),
        ("http://127.0.0.1:5000/v1/api", "http://127.0.0.1:5000/v1/api"),
        ("http://[::1]:5000/v1/api", "http://[::1]:5000/v1/api"),
    ],
)
def test_an_address_is_read_in_its_plain_form(written: str, read: str) -> None:
    assert read_address(written) == read


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("localhost:5000", "use a URL such as https://"),
        ("ftp://localhost/v1/api", "use a URL such as https://"),
        ("https://", "it names no host"),
        ("https://local host:5000", "it names no host"),
        ("https://localhost:99999/v1/api", "its port is not one"),
        ("https://localhost:port/v1/api", "its port is not one"),
        ("https://owner:secret@localhost/v1/api", "more than host, port and path"),
        ("https://localhost/v1/api?x=1", "more than host, port and path"),
        ("http://example.com/v1/api", "plain http is only accepted on this machine"),
        ("http://10.0.0.1:5000/v1/api", "plain http is only accepted on this machine"),
        ("http://127.0.0.1.example.com/v1/api", "plain http is only accepted on this machine"),
    ],
)
def test_what_is_none_is_said_in_words(written: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_address(written)


@given(st.text(max_size=40))
def test_whatever_is_written_is_an_address_or_a_sentence(text: str) -> None:
    try:
        read = read_address(f"https://{text}")
    except ValueError:
        return
    assert read.startswith("https://")
    assert read_address(read) == read


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://localhost:5000/v1/api", "https://localhost:5000"),
        ("https://localhost:5000/v1/api/", "https://localhost:5000"),
        ("https://gateway.lan/behind/v1/api", "https://gateway.lan/behind"),
        ("https://localhost:5000", "https://localhost:5000"),
    ],
)
def test_a_person_logs_in_above_the_api(url: str, page: str) -> None:
    assert login_page(url) == page
