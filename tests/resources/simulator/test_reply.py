from resources.simulator import reply


def test_an_error_may_or_may_not_repeat_its_status() -> None:
    assert reply.error(400, "no").body == b'{"error":"no","statusCode":400}'
    assert reply.error(500, "no", status_code=False).body == b'{"error":"no"}'


def test_json_names_its_character_set() -> None:
    assert reply.ok([1]).headers["content-type"] == "application/json;charset=utf-8"
    assert reply.empty(401).body == b""


def test_newer_endpoints_describe_the_problem_in_a_type_of_their_own() -> None:
    answer = reply.problem(401, "Unauthorized", "expired")
    assert answer.headers["content-type"] == "application/problem+json"
    assert b'"status":401' in bytes(answer.body)
