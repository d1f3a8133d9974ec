from __future__ import annotations

from rehearsal.providers.aws.projection import project, same_document
from rehearsal.providers.base.shapes import Shape
from rehearsal.providers.base.values import UNKNOWN

TEXT = Shape("string")
RULE = Shape("object", fields={"port": Shape("integer"), "peers": Shape("list", item=TEXT), "self": Shape("boolean")})
RULES = Shape("list", item=RULE)


def test_what_was_left_to_aws_is_not_drift() -> None:
    assert project(RULE, {"port": 1}, {"port": 1, "self": True}, (), ("rule",)) == {"port": 1}


def test_a_setting_that_is_gone_stays_out() -> None:
    assert project(RULE, {"port": 1, "self": True}, {"port": 1}, (), ("rule",)) == {"port": 1}


def test_a_setting_that_asks_for_nothing_may_be_missing() -> None:
    declared = {"port": 1, "self": False, "peers": []}
    assert project(RULE, declared, {"port": 1}, (), ("rule",)) == declared


def test_a_set_comes_in_the_order_of_the_declaration() -> None:
    declared = [{"port": 1}, {"port": 2, "peers": ["a", "b"]}, {"port": 3}]
    live = [{"port": 4}, {"port": 2, "peers": ["b", "a"]}, {"port": 1, "self": True}]
    found = project(RULES, declared, live, {"rules", "rules.peers"}, ("rules",))
    assert found == [{"port": 1}, {"port": 2, "peers": ["a", "b"]}, {"port": 4}]


def test_items_added_and_gone_are_drift() -> None:
    declared = [{"port": 1}]
    assert project(RULES, declared, [{"port": 2}, {"port": 1}], {"rules"}, ("rules",)) == [{"port": 1}, {"port": 2}]
    assert project(RULES, declared, [], {"rules"}, ("rules",)) == []
    assert project(RULES, declared, [{"port": 2}, {"port": 1}], (), ("rules",)) == [{"port": 2}, {"port": 1}]


def test_documents_compare_by_meaning() -> None:
    assert same_document('{"a": 1, "b": 2}', '{ "b":2,"a":1 }')
    assert not same_document('{"a": 1}', '{"a": 2}')
    assert not same_document(UNKNOWN, '{"a": 2}')
