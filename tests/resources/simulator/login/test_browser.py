"""A person with a browser logs in: the real thing, over HTTPS with the gateway's own certificate."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from resources.simulator.options import Options
from resources.simulator.server import Running, serve

pytestmark = pytest.mark.slow


@pytest.fixture
def gateway() -> Iterator[Running]:
    """A gateway before its login."""
    with serve(Options(positions=3, logged_in=False)) as running:
        yield running


@pytest.fixture
def page(browser: Browser, gateway: Running) -> Iterator[Page]:
    """Its page, in a browser that leaves before the gateway does."""
    with browser.new_context(ignore_https_errors=True) as context:
        page = context.new_page()
        page.goto(gateway.url.removesuffix("v1/api"))
        yield page


def enter(page: Page) -> None:
    page.get_by_label("Username").fill("somebody")
    page.get_by_label("Password").fill("not a real one")
    page.get_by_role("button", name="Log in").click()


def test_a_person_logs_in_with_a_phone(page: Page, gateway: Running) -> None:
    assert "/sso/Login?forwardTo=22&RL=1" in page.url
    enter(page)
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("body")).to_have_text("Client login succeeds")
    assert page.url.endswith("/sso/Dispatcher")
    page.goto(f"{gateway.url}/iserver/auth/status")
    expect(page.locator("body")).to_contain_text('"authenticated":true')


def test_a_person_logs_in_with_a_code(page: Page, gateway: Running) -> None:
    enter(page)
    page.get_by_label("Six digits").fill("12")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("six digits")
    page.get_by_label("Six digits").fill("123456")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("body")).to_have_text("Client login succeeds")
    assert gateway.simulation.session.logged_in


def test_a_login_denied_on_the_phone_ends_at_the_form_again(page: Page, gateway: Running) -> None:
    enter(page)
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("alert")).to_have_text("The login was denied on the phone.")
    expect(page.get_by_label("Username")).to_be_focused()
    assert not gateway.simulation.session.logged_in


def test_the_page_asks_nothing_of_anybody_else(page: Page, gateway: Running) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(gateway.url.removesuffix("v1/api"))
    enter(page)
    own = gateway.url.removesuffix("/v1/api")
    assert len(asked) >= 3
    assert [url for url in asked if not url.startswith((own, "data:"))] == []
