"""Wire shape of the one alert that everybody has, the mobile trading assistant's.

Belongs here: its fields. Does not: alerts of one's own, which a paper login cannot make.
"""

from resources.simulator.accounts.valuation import Valuation

TOOL = 55_834_990_001
DAY_PROFIT, POSITION_PROFIT = 9, 8  # conditions by number
STEP = 500


def assistant(valuation: Valuation, number: int) -> dict[str, object]:
    """Switched off and without conditions; `number` is another one each time, the tool's id never is."""
    return {
        "account": valuation.account.account_id,
        "order_id": number,
        "alert_name": None,
        "tif": "GTC",
        "expire_time": None,
        "alert_active": 1,
        "alert_repeatable": 1,
        "alert_email": None,
        "alert_send_message": 1,
        "alert_message": None,
        "alert_show_popup": 0,
        "alert_play_audio": None,
        "order_status": "Inactive",
        "alert_triggered": False,
        "fg_color": "#000000",
        "bg_color": "#AFAFAF",
        "order_not_editable": False,
        "itws_orders_only": 0,
        "alert_mta_currency": valuation.account.base,
        "alert_mta_defaults": "|".join(_limits(valuation, condition) for condition in (DAY_PROFIT, POSITION_PROFIT)),
        "tool_id": TOOL,
        "time_zone": "GMT (GMT),US/Eastern (America/New_York)",
        "alert_default_type": None,
        "condition_size": 0,
        "condition_outside_rth": 0,
        "conditions": [],
    }


def _limits(valuation: Valuation, condition: int) -> str:
    """All of the account's worth either way, a tenth of it by default."""
    most = max(1, round(valuation.net / STEP)) * STEP
    usual = most // 10
    return f"{condition}:STATE=0,MIN={-most},MAX={most},STEP={STEP},DEF_MIN={-usual},DEF_MAX={usual}"
