"""What the AWS stand-in is taught about versions of objects."""

from __future__ import annotations

from moto.s3.utils import _VersionedKeyStore

from rehearsal.moto.versions import complete_versions


class Version:
    """An object's content, as far as the store looks at it."""

    def __init__(self) -> None:
        self.disposed = 0

    def __eq__(self, other: object) -> bool:
        raise AssertionError("versions are compared")

    __hash__ = None  # type: ignore[assignment]

    def dispose(self) -> None:
        self.disposed += 1


def test_a_version_is_added_without_comparing_it_and_a_replaced_one_is_let_go() -> None:
    complete_versions()
    store = _VersionedKeyStore()
    first, second, third = Version(), Version(), Version()
    store.setlist("state", [first])
    store.setlist("state", (first, second))
    store.setlist("state", [second, third])
    assert [id(each) for each in store.getlist("state")] == [id(second), id(third)]
    assert [each.disposed for each in (first, second, third)] == [1, 0, 0]
    store.setlist("state", first)
    assert [id(each) for each in store.getlist("state")] == [id(first)]
    assert [each.disposed for each in (first, second, third)] == [1, 1, 1]
