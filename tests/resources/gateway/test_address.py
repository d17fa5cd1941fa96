from ipaddress import ip_address

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st
from urllib3.util import parse_url

from resources.gateway.address import login_page, read_address


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://localhost:5000/v1/api", "https://localhost:5000/v1/api"),
        ("https://localhost:5000/v1/api/", "https://localhost:5000/v1/api"),
        (" HTTPS://LOCALHOST/v1/api\n", "https://LOCALHOST/v1/api"),
        ("https://127.8.9.10:5000/v1/api", "https://127.8.9.10:5000/v1/api"),
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


ELSEWHERE = [
    "gateway",
    "gateway.lan",
    "host.docker.internal",
    "ip6-localhost",
    "localhost.localdomain",
    "localhost.",
    "sub.localhost",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0.0.0.0",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::1%25eth0]",
    "[fe80::1]",
    "10.0.0.1",
    "172.17.0.1",
    "192.168.0.2",
    "128.0.0.1",
]


@pytest.mark.parametrize("host", ELSEWHERE)
def test_another_machine_is_refused_unless_it_is_meant(host: str) -> None:
    url = f"https://{host}:5000/v1/api"
    with pytest.raises(ValueError, match=r"is not this machine. Use https://localhost.*allow_remote = true"):
        read_address(url)
    assert read_address(url, allow_remote=True) == url


@pytest.mark.parametrize("host", ELSEWHERE)
def test_plain_http_stays_on_this_machine_even_then(host: str) -> None:
    with pytest.raises(ValueError, match="plain http is only accepted on this machine"):
        read_address(f"http://{host}:5000/v1/api", allow_remote=True)


AUTHORITIES = st.one_of(
    st.text(max_size=40),
    st.lists(
        st.sampled_from(["localhost", "127.0.0.1", "example.com", "@", "\\", "#", "/", ":", ".", "%40", "5000", "\t"])
    ).map("".join),
)


@given(AUTHORITIES)
@example("localhost\\@example.com")
@example("example.com\\@localhost")
@example("127.0.0.1:5000@example.com")
def test_what_is_accepted_as_this_machine_is_this_machine_to_the_http_library_too(text: str) -> None:
    try:
        read = read_address(f"https://{text}")
    except ValueError:
        return
    host = (parse_url(requests.Request("GET", f"{read}/tickle").prepare().url or "").host or "").strip("[]")
    assert host == "localhost" or ip_address(host).is_loopback


@given(AUTHORITIES)
def test_whatever_is_written_is_an_address_or_a_sentence(text: str) -> None:
    try:
        read = read_address(f"https://{text}", allow_remote=True)
    except ValueError:
        return
    assert read.startswith("https://")
    assert read_address(read, allow_remote=True) == read


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
