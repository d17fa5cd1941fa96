import re
import traceback
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.kit.shrinking import Limits
from pipelines.definitions import resources_of
from pipelines.settings import DEFAULT_CONFIG, Choices, Environment, SettingsMistake, read_settings


@pytest.fixture
def toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that IBKR_CONFIG names."""
    path = tmp_path / "owner.toml"
    monkeypatch.setenv("IBKR_CONFIG", str(path))
    return path


def test_nothing_has_to_be_set() -> None:
    settings = read_settings()
    assert settings.environment == Environment(
        gateway_url=None, gateway_cert=None, profile=None, data=Path("data"), accounts=[], config=DEFAULT_CONFIG
    )
    assert settings.profile == "simulator"


def test_the_file_that_ships_says_what_the_defaults_say_but_for_the_watchlist_and_two_scans() -> None:
    shipped = read_settings().choices
    assert shipped.watchlist == ["SPY", "QQQ", "AAPL", "MSFT"]
    assert [run.name for run in shipped.scanner.runs] == ["gainers", "most_active"]
    assert shipped == Choices(watchlist=shipped.watchlist, scanner=shipped.scanner)


SCAN = 'instrument = "STK"\nlocation = "STK.US"\ntype = "HALTED"'


def test_a_scan_reaches_the_landings_with_its_filters(toml: Path) -> None:
    toml.write_text(
        f'[[scanner.runs]]\nname = "halted"\n{SCAN}\nfilters = {{ priceAbove = 5, stkTypes = "inc:ETF" }}\n'
    )
    [run] = resources_of(read_settings())["scope"].scanner_runs
    assert (run.name, run.instrument, run.location, run.type) == ("halted", "STK", "STK.US", "HALTED")
    assert run.filters == {"priceAbove": 5, "stkTypes": "inc:ETF"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"[[scanner.runs]]\n{SCAN}\n", "scanner.runs.0.name"),
        (f'[[scanner.runs]]\nname = "a b"\n{SCAN}\n', "scanner.runs.0.name='a b': string should match pattern"),
        (f'[[scanner.runs]]\nname = "a"\nsize = 9\n{SCAN}\n', "scanner.runs.0.size: there is no such setting"),
        (f'[[scanner.runs]]\nname = "a"\n{SCAN}\n' * 2, "two scans are named 'a'. Give each a name of its own."),
        (
            "".join(f'[[scanner.runs]]\nname = "{name}"\n{SCAN}\n' for name in "ab"),
            "'a' and 'b' ask the same. Leave one out.",
        ),
    ],
)
def test_a_scan_that_is_written_wrongly_is_one_line(toml: Path, text: str, words: str) -> None:
    toml.write_text(text)
    assert words in _mistake()


def test_looks_during_the_day_are_off_unless_times_are_named(toml: Path) -> None:
    assert Choices().schedule.intraday_at == []
    toml.write_text('[schedule]\nintraday_at = ["10:00", "12:30"]\n')
    assert read_settings().choices.schedule.intraday_at == [time(10), time(12, 30)]
    toml.write_text('[schedule]\nintraday_at = ["10:00+01:00"]\n')
    assert "it is New York's time, without a zone" in _mistake()


@pytest.mark.parametrize(
    ("name", "text", "attribute", "value"),
    [
        ("IBKR_GATEWAY_URL", "https://localhost:5000/v1/api", "gateway_url", "https://localhost:5000/v1/api"),
        ("IBKR_GATEWAY_URL", "HTTPS://localhost:5000/v1/api/", "gateway_url", "https://localhost:5000/v1/api"),
        ("IBKR_GATEWAY_CERT", "here/gateway.pem", "gateway_cert", Path("here/gateway.pem")),
        ("IBKR_PROFILE", "paper-2.b", "profile", "paper-2.b"),
        ("IBKR_DATA", "a folder/with spaces", "data", Path("a folder/with spaces")),
        ("IBKR_ACCOUNTS", "U1, DU2 ,,F3,", "accounts", ["U1", "DU2", "F3"]),
        ("IBKR_ACCOUNTS", " , ", "accounts", []),
    ],
)
def test_each_variable_is_read(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, attribute: str, value: object
) -> None:
    monkeypatch.setenv(name, text)
    assert getattr(read_settings().environment, attribute) == value


@pytest.mark.parametrize("field", Environment.model_fields)
def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    monkeypatch.setenv(f"IBKR_{field.upper()}", "")
    assert read_settings().environment == Environment()


@pytest.mark.parametrize(
    ("variables", "profile"),
    [
        ({}, "simulator"),
        ({"IBKR_GATEWAY_URL": "https://localhost:5000/v1/api"}, "live"),
        ({"IBKR_PROFILE": "paper"}, "paper"),
        ({"IBKR_GATEWAY_URL": "https://localhost:5000/v1/api", "IBKR_PROFILE": "paper"}, "paper"),
    ],
)
def test_the_profile_follows_the_gateway_unless_it_is_named(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], profile: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert read_settings().profile == profile


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IBKR_GATEWAY_URL", "localhost:5000"),
        ("IBKR_GATEWAY_URL", "ftp://localhost/v1/api"),
        ("IBKR_GATEWAY_URL", "https://localhost:99999/v1/api"),
        ("IBKR_GATEWAY_URL", "http://example.com/v1/api"),
        ("IBKR_GATEWAY_URL", "https://example.com/v1/api"),
        ("IBKR_GATEWAY_URL", "https://host.docker.internal:5000/v1/api"),
        ("IBKR_DATA", "s3://bucket/folder"),
        ("IBKR_PROFILE", "a/b"),
        ("IBKR_PROFILE", "with space"),
        ("IBKR_PROFILE", ".."),
        ("IBKR_PROFILE", "."),
        ("IBKR_PROFILE", ".hidden"),
    ],
)
def test_a_bad_variable_is_one_line_with_its_name_and_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert _mistake().startswith(f"{name}={value!r}: ")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1))
def test_whatever_the_profile_is_its_folder_lies_in_the_data_root(name: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IBKR_PROFILE", name)
        try:
            profile = read_settings().profile
        except SettingsMistake as mistake:
            told = str(mistake)
            assert "IBKR_PROFILE=" in told
        else:
            assert Path("data", profile).resolve().parent == Path("data").resolve()


def test_the_owners_choices_are_read(toml: Path) -> None:
    toml.write_text(
        'watchlist = ["AAPL", 265598, "VOD@LSE"]\nexchange = "XLON"\n'
        '[bars]\ndepth_days = 9\nfirst_day = 2015-01-02\nasset_classes = ["STK"]\n'
        'sizes = ["1d", "1h"]\ndepths = { "1h" = 250 }\noutside_rth = true\n'
        '[performance]\nis_limit_per_account = true\n[schedule]\nnightly_at = "19:05"\n'
        "[gateway]\nallow_remote = true\n[privacy]\nshow_account_ids = true\n"
        "[hold_back]\nshare = 0.3\nleast_rows = 20\nshares = { positions = 0.1, ledger = 0 }\n"
        "[tolerances]\nno_earlier_nav_was_restated = { amount = 2 }\n"
        '[options]\nunderlyings = ["SPY", 265598]\nmonths = 3\nwidth = 10\nrequests = 200\n'
        "[details]\nrequests = 50\nrefresh_days = 90\n"
    )
    choices = read_settings().choices
    assert choices.watchlist == ["AAPL", "265598", "VOD@LSE"]
    assert choices.exchange == "XLON"
    assert (choices.bars.depth_days, choices.bars.first_day) == (9, date(2015, 1, 2))
    assert choices.bars.asset_classes == ["STK"]
    assert (choices.bars.sizes, choices.bars.depths, choices.bars.outside_rth) == (["1d", "1h"], {"1h": 250}, True)
    assert choices.options.underlyings == ["SPY", "265598"]
    assert (choices.options.months, choices.options.width, choices.options.requests) == (3, 10, 200)
    assert (choices.details.requests, choices.details.refresh_days) == (50, 90)
    assert choices.performance.is_limit_per_account
    assert choices.schedule.nightly_at == time(19, 5)
    assert choices.gateway.allow_remote
    assert choices.privacy.show_account_ids
    scope = resources_of(read_settings())["scope"]
    limits = [scope.limits_of(table) for table in ("positions", "ledger", "accounts")]
    assert limits == [Limits(share=0.1, least_rows=20), None, Limits(share=0.3, least_rows=20)]
    assert choices.tolerances["no_earlier_nav_was_restated"].chosen == {"amount": 2.0}


def test_a_gateway_elsewhere_is_for_who_says_so_in_the_toml(toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://gateway.lan:5000/v1/api"
    monkeypatch.setenv("IBKR_GATEWAY_URL", url)
    toml.write_text("")
    assert _mistake().startswith(f"IBKR_GATEWAY_URL={url!r}: gateway.lan is not this machine. Use https://localhost")
    toml.write_text("[gateway]\nallow_remote = true")
    settings = read_settings()
    assert settings.environment.gateway_url == url
    assert resources_of(settings)["gateway"].allow_remote
    monkeypatch.setenv("IBKR_GATEWAY_URL", "http://gateway.lan:5000/v1/api")
    assert "plain http is only accepted on this machine" in _mistake()


def test_an_empty_file_leaves_the_defaults(toml: Path) -> None:
    toml.write_text("")
    assert read_settings().choices == Choices()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('watchlist = "AAPL"', "watchlist='AAPL': input should be a valid list."),
        ('[bars]\nsizes = ["1d", "7min"]', "bars.sizes.1='7min': input should be '1min', '2min'"),
        ('[bars]\nsizes = ["1h"]', "bars.sizes=['1h']: 1d is always kept, other tables"),
        ('[bars]\ndepths = { "1d" = 9 }', "bars.depths={'1d': 9}: the depth of 1d is depth_days."),
        ("[bars]\ndepth_days = 0", "bars.depth_days=0: input should be greater than 0."),
        ("[options]\nwidth = 0", "options.width=0: input should be greater than 0."),
        ("[options]\nrequests = -1", "options.requests=-1: input should be greater than or equal to 0."),
        ("[bars]\ndepth_days = 20000", "bars.depth_days=20000: input should be less than or equal to 10000."),
        ('[bars]\ndepth_days = "many"', "bars.depth_days='many': input should be a valid integer"),
        ('[bars]\nfirst_day = "yesterday"', "bars.first_day='yesterday': input should be a valid date"),
        ("[bars]\nasset_classes = [7]", "bars.asset_classes.0=7: input should be 'STK', 'OPT'"),
        ('[bars]\nasset_classes = ["STOCK"]', "bars.asset_classes.0='STOCK': input should be 'STK', 'OPT'"),
        ('watchlist = ["AAPL", " "]', "watchlist=['AAPL', ' ']: '' names nothing. Write a symbol"),
        ('watchlist = ["@NYSE"]', "watchlist=['@NYSE']: '@NYSE' names nothing."),
        ('watchlist = ["AAPL@"]', "watchlist=['AAPL@']: 'AAPL@' names nothing."),
        ('watchlist = ["AAPL,MSFT"]', "watchlist=['AAPL,MSFT']: 'AAPL,MSFT' names nothing."),
        ('[schedule]\nnightly_at = "18:30+02:00"', "schedule.nightly_at='18:30+02:00': it is New York's time"),
        ('[schedule]\nnightly_at = "25:00"', "schedule.nightly_at='25:00': input should be in a valid time format"),
        ("[hold_back]\nshare = 1.5", "hold_back.share=1.5: input should be less than or equal to 1."),
        ("[hold_back]\nshares = { positions = -1 }", "hold_back.shares.positions=-1: input should be greater than or"),
        (
            "[tolerances]\na_b = { amount = -1 }",
            "tolerances.a_b.amount=-1: input should be greater than or equal to 0.",
        ),
        ("[tolerances]\na_b = { share = inf }", "tolerances.a_b.share=inf: input should be a finite number."),
        ("[tolerances]\na_b = 0.1", "tolerances.a_b=0.1: input should be a valid dictionary"),
        ("bars = 3", "bars=3: input should be a valid dictionary"),
    ],
)
def test_a_bad_choice_is_one_line_with_the_file_its_name_and_value(toml: Path, text: str, words: str) -> None:
    toml.write_text(text)
    assert _mistake().startswith(f"{toml}: {words}")


@pytest.mark.parametrize(
    ("text", "name"),
    [("watchlst = []", "watchlst"), ("[bars]\ndepth = 5", "bars.depth"), ("[alerts]\nto = 'me'", "alerts.to")],
)
def test_an_unknown_setting_is_named(toml: Path, text: str, name: str) -> None:
    toml.write_text(text)
    assert _mistake() == f"{toml}: {name}: there is no such setting. Compare with {DEFAULT_CONFIG}"


def test_alert_targets_are_read_with_what_the_environment_holds(toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "hunter22")
    monkeypatch.setenv("WHOLE", "ntfy://topic")
    toml.write_text(
        '[alerts]\ntargets = ["json://h/$HOOK_TOKEN", "json://${HOOK_TOKEN}x@h", "$WHOLE", "json://h/a$$b", " ntfy://t"]'
    )
    assert read_settings().choices.alerts.targets == [
        "json://h/hunter22",
        "json://hunter22x@h",
        "ntfy://topic",
        "json://h/a$b",
        "ntfy://t",
    ]


def test_settings_never_show_alert_targets(toml: Path) -> None:
    toml.write_text('[alerts]\ntargets = ["json://me:hunter22@h/"]\n')
    settings = read_settings()
    assert settings.choices.alerts.targets == ["json://me:hunter22@h/"]
    assert "hunter22" not in f"{settings!r} {settings}"


@pytest.mark.parametrize("reference", ["$NOT_SET", "${NOT_SET}", "$EMPTY"])
def test_a_target_whose_variable_is_not_set_names_the_variable(
    toml: Path, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    monkeypatch.setenv("EMPTY", "")
    toml.write_text(f'[alerts]\ntargets = ["ntfy://t", "json://me:{reference}@hunter22/"]\n')
    name = reference.strip("${}")
    told = f"{toml}: alerts.targets: number 2 needs the environment variable {name}, which is not set."
    assert _mistake() == told


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ('["ntfy://t", "pigeon://hunter22"]', "alerts.targets: number 2 is not an address that alerts can be sent to."),
        ('["hunter22"]', "alerts.targets: number 1 is not an address"),
        ('["json://me:5$@hunter22/"]', "alerts.targets: number 1 has a $ that names no variable. Write $$"),
        ('["$PIGEON"]', "alerts.targets: number 1 is not an address"),
        ('"json://me:hunter22@h/"', "alerts.targets: input should be a valid list."),
        ('[["json://me:hunter22@h/"]]', "alerts.targets.0: input should be a valid string."),
    ],
)
def test_a_bad_target_is_one_line_and_no_part_of_it_is_told(
    toml: Path, monkeypatch: pytest.MonkeyPatch, value: str, words: str
) -> None:
    monkeypatch.setenv("PIGEON", "pigeon://hunter22")
    toml.write_text(f"[alerts]\ntargets = {value}\n")
    assert _mistake().startswith(f"{toml}: {words}")
    with pytest.raises(SettingsMistake) as caught:
        read_settings()
    assert "hunter22" not in "".join(traceback.format_exception(caught.value))


def test_an_alerts_entry_that_is_no_table_is_not_told_either(toml: Path) -> None:
    toml.write_text('alerts = "json://me:hunter22@h/"\n')
    assert _mistake().startswith(f"{toml}: alerts: input should be a valid dictionary")


def test_the_targets_that_the_shipped_file_shows_are_targets(toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = re.findall(r'^    # (".*"),$', DEFAULT_CONFIG.read_text(), flags=re.MULTILINE)
    assert len(shown) == 4
    monkeypatch.setenv("MAIL_PASSWORD", "hunter%4022")
    monkeypatch.setenv("TELEGRAM_TOKEN", "123456789:AAHk5lW5gHjnvKHgvsJkGWYBjZr0NqPzw1E")
    monkeypatch.setenv("HOOK_TOKEN", "hunter22")
    toml.write_text(f"[alerts]\ntargets = [{', '.join(shown)}]\n")
    assert len(read_settings().choices.alerts.targets) == 4


@pytest.mark.parametrize("content", [b"watchlist = [", b"watchlist: [AAPL]", b"\xff\xfe", b"a = 1\na = 2"])
def test_a_file_that_is_not_toml_is_named_with_its_mistake(toml: Path, content: bytes) -> None:
    toml.write_bytes(content)
    mistake = _mistake()
    assert mistake.startswith(f"{toml}: not TOML (")
    assert mistake.endswith(f"Compare it with {DEFAULT_CONFIG}")


def test_a_missing_file_is_named_with_the_variable(toml: Path) -> None:
    assert _mistake() == (
        f"IBKR_CONFIG={toml}: No such file or directory. Name a TOML file; a commented one is {DEFAULT_CONFIG}"
    )


def test_a_folder_is_not_a_configuration(toml: Path) -> None:
    toml.mkdir()
    assert _mistake().startswith(f"IBKR_CONFIG={toml}: Is a directory.")


def _mistake() -> str:
    with pytest.raises(SettingsMistake) as caught:
        read_settings()
    told = str(caught.value)
    assert "\n" not in told
    return told
