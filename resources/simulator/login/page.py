"""The pages of the login, as HTML that needs nothing else: no script, font or picture from anywhere.

Belongs here: words and looks. Does not: which page comes when (`routes/login.py`).

They say on every page that this is a simulator, so that nobody types a real password.
"""

from html import escape

STYLE = """
:root { --ink: #1d2530; --soft: #5d6875; --line: #d5dae1; --red: #c8102e; --paper: #fff; --ground: #eef1f5; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; align-items: center;
  justify-content: center; padding: 2rem 1rem; background: var(--ground); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { width: 100%; max-width: 25rem; background: var(--paper); border-radius: 10px; overflow: hidden;
  box-shadow: 0 1px 2px rgba(20, 30, 45, .08), 0 12px 32px rgba(20, 30, 45, .10); }
header { padding: 1.1rem 2rem; background: var(--ink); color: #fff; border-bottom: 3px solid var(--red); }
header b { font-size: 1.05rem; letter-spacing: .01em; }
header span { display: block; font-size: .82rem; color: #b9c3cf; }
section { padding: 1.6rem 2rem 1.9rem; }
h1 { margin: 0 0 .3rem; font-size: 1.35rem; font-weight: 600; }
p { margin: 0 0 1.1rem; color: var(--soft); font-size: .95rem; }
label { display: block; margin: 0 0 .9rem; font-size: .85rem; font-weight: 600; }
input { display: block; width: 100%; margin-top: .3rem; padding: .6rem .75rem; font-family: inherit; font-size: 1rem;
  line-height: 1.5; color: inherit;
  border: 1px solid var(--line); border-radius: 6px; background: #fff; }
input:focus { outline: 2px solid #4a7fc1; outline-offset: 0; border-color: transparent; }
button { width: 100%; padding: .7rem; font: inherit; font-weight: 600; color: #fff; background: var(--red);
  border: 1px solid var(--red); border-radius: 6px; cursor: pointer; }
button:hover { filter: brightness(.92); }
button.quiet { color: var(--ink); background: #fff; border-color: var(--line); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .7rem; }
.alert { padding: .65rem .85rem; border-radius: 6px; border-left: 4px solid var(--red); background: #fdf0f2;
  color: #8c0b20; font-size: .9rem; }
.phone { margin: 0 0 1.3rem; padding: 1rem 1.1rem; border: 1px solid var(--line); border-radius: 14px;
  background: #f8f9fb; }
.phone small { display: block; margin-bottom: .2rem; color: var(--soft); font-size: .78rem; }
.phone strong { display: block; margin-bottom: .8rem; }
.or { display: flex; align-items: center; gap: .8rem; margin: 0 0 1.1rem; color: var(--soft); font-size: .82rem; }
.or::before, .or::after { content: ""; flex: 1; height: 1px; background: var(--line); }
.code { display: grid; grid-template-columns: 1fr auto; gap: .7rem; align-items: end; }
.code label { margin: 0; } .code button { width: auto; padding: .6rem 1.1rem; line-height: 1.5; font-size: 1rem; }
code { padding: .1rem .35rem; border-radius: 4px; background: var(--ground); font-size: .88rem; }
li { margin-bottom: .35rem; } ul { margin: 0; padding-left: 1.2rem; color: var(--soft); font-size: .95rem; }
a { color: #22598f; }
footer { margin-top: 1.2rem; max-width: 25rem; text-align: center; color: var(--soft); font-size: .82rem; }
"""


def login(problem: str = "") -> str:
    """Who are you?"""
    return _page(
        "Log in",
        f"""{_alert(problem)}<h1>Log in</h1>
<p>Any user name and password will do.</p>
<form method="post" action="/sso/Login" autocomplete="off">
<label>Username<input name="user_name" required autofocus autocapitalize="none" spellcheck="false"></label>
<label>Password<input name="password" type="password" required autocomplete="off"></label>
<button type="submit">Log in</button>
</form>""",
    )


def challenge(number: int, problem: str = "") -> str:
    """Is it really you?"""
    action = f'method="post" action="/sso/Challenge?id={number}"'
    return _page(
        "Second factor",
        f"""{_alert(problem)}<h1>Approve on your phone</h1>
<p>The notification waits for three minutes.</p>
<div class="phone"><small>Your pretended phone</small><strong>Log in to the gateway?</strong>
<form {action} class="pair"><button name="answer" value="approve">Approve</button>
<button name="answer" value="deny" class="quiet">Deny</button></form></div>
<div class="or">or</div>
<form {action} class="code" autocomplete="off">
<label>Six digits of your device<input name="code" inputmode="numeric" placeholder="123 456" required></label>
<button name="answer" value="code" class="quiet">Send</button></form>""",
    )


def demo(*, logged_in: bool) -> str:
    """What can be tried in a browser."""
    state = "Somebody is logged in." if logged_in else 'Nobody is logged in: <a href="/">log in</a>.'
    paths = ["iserver/auth/status", "iserver/accounts"]  # nothing that reloading would break a limit of
    links = "".join(f'<li><a href="/v1/api/{path}"><code>GET /v1/api/{path}</code></a></li>' for path in paths)
    return _page("Demo", f"<h1>Gateway demo</h1><p>{state}</p><ul>{links}</ul>")


def _alert(problem: str) -> str:
    return f'<p class="alert" role="alert">{escape(problem)}</p>' if problem else ""


def _page(title: str, content: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · simulated gateway</title><link rel="icon" href="data:,"><style>{STYLE}</style></head>
<body><main><header><b>Client Portal Gateway</b><span>Simulator</span></header>
<section>{content}</section></main>
<footer>This is a simulator. Nothing is checked or kept.<br>Do not type a real password.</footer>
</body></html>"""
