"""``python -m rehearsal.providers.aws``: read the vendor's SDK into the store, for all types the stand-in knows."""

from rehearsal.providers.aws.store import fill, store_path
from rehearsal.providers.aws.types import KINDS

if __name__ == "__main__":
    fill(KINDS)
    print(store_path())
