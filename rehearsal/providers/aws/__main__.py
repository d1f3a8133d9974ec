"""``python -m rehearsal.providers.aws``: read the vendor's SDK into the store, for all types the stand-in knows."""

from rehearsal.providers.aws.store import STORE

if __name__ == "__main__":
    STORE.fill()
    print(STORE.path)
