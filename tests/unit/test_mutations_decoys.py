"""A number that nobody has is looked up as somebody."""

from crossroads.mutations.decoys import Decoys


def test_there_is_somebody_to_look_up_for_a_number_that_nobody_has() -> None:
    decoys = Decoys()
    assert decoys.beside({}, ["a"]) == [0]
    assert sorted(decoys.beside({"a": 7, "b": 8}, ["a", "b"])) == [7, 8]
    known = {0, 7, 8}
    for _ in range(20):
        (somebody,) = decoys.beside({}, ["c", "c"])
        assert somebody in known
