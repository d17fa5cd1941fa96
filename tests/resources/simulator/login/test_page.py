import re

import pytest

from resources.simulator.login import page

PAGES = {
    "login": page.login(),
    "login again": page.login("No."),
    "challenge": page.challenge(1),
    "wrong code": page.challenge(1, "No."),
    "demo": page.demo(logged_in=False),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_nothing_from_anywhere_and_says_that_it_is_a_simulator(name: str) -> None:
    html = PAGES[name]
    assert not re.findall(r"""(?:src|href|action)="(?!/|data:,)|url\(|@import|<script""", html)
    assert "This is a simulator" in html
    assert "Do not type a real password" in html


def test_a_problem_is_shown_and_escaped() -> None:
    assert "&lt;b&gt;" in page.login("<b>")
    assert 'role="alert"' not in page.login()
