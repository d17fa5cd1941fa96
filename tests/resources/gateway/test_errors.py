from resources.gateway import errors


def test_the_tree_drawn_in_the_charter_is_the_tree_in_the_code() -> None:
    charter = errors.__doc__ or ""
    drawn = [line.split("── ")[1].split()[0] for line in charter.splitlines() if "── " in line]
    assert sorted(drawn) == sorted(one.__name__ for one in _below(errors.GatewayError))


def _below(kind: type[Exception]) -> list[type[Exception]]:
    children = kind.__subclasses__()
    return [*children, *(grandchild for child in children for grandchild in _below(child))]
