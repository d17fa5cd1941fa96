from datetime import UTC, datetime

from resources.gateway import errors


def test_the_tree_drawn_in_the_charter_is_the_tree_in_the_code() -> None:
    charter = errors.__doc__ or ""
    parents, drawn = [errors.GatewayError.__name__], []
    for line in charter.splitlines():
        if "── " in line:
            before, _, after = line.partition("── ")
            name, depth = after.split()[0], (len(before) - 1) // 4 + 1
            parents[depth:] = [name]
            drawn.append((name, parents[depth - 1]))
    assert sorted(drawn) == sorted((one.__name__, one.__bases__[0].__name__) for one in _below(errors.GatewayError))


def test_what_is_waited_for_knows_until_when_and_nothing_else_does() -> None:
    until = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert errors.Throttled("said", until=until).until == until
    assert errors.LoginRequired("said").until is None
    waiting = {one for one in _below(errors.GatewayError) if hasattr(one("said"), "until")}
    assert waiting == {errors.Waiting, *_below(errors.Waiting)}


def _below(kind: type[Exception]) -> list[type[Exception]]:
    """Those of the gateway; what else is waited for is drawn elsewhere."""
    children = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    return [*children, *(grandchild for child in children for grandchild in _below(child))]
