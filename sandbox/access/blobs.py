"""What a use of blobs comes to as requests to the storage service: actions, paths and listings.

Source: azure-docs, storage-auth-abac-attributes (facts-doors §5.2): listing has a prefix and no path, all else a path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sandbox.access.conditions import Request

CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
BLOBS = f"{CONTAINERS}/blobs"
WRITES = ("add/action", "delete", "move/action", "write")


def blob_requests(container: str, access: str, prefixes: Sequence[str]) -> Iterator[Request]:
    """Reading and listing below each prefix, and each way of writing there; without one, the container's root."""
    for prefix in prefixes or ("",):
        yield from path_requests(container, access, f"{prefix}a blob", prefix)


def path_requests(container: str, access: str, path: str, prefix: str) -> Iterator[Request]:
    """Everything that `access` does with one blob, and a listing of `prefix`."""
    where = {f"@Resource[{CONTAINERS}:name]": container}
    at_path = {**where, f"@Resource[{BLOBS}:path]": path}
    yield Request(f"{BLOBS}/read", None, at_path)
    # A client that lists everything sends no prefix at all.
    yield Request(
        f"{BLOBS}/read", "Blob.List", {**where, **({f"@Request[{BLOBS}:prefix]": prefix} if prefix else {})}
    )
    if access == "write":
        yield from (Request(f"{BLOBS}/{one}", None, at_path) for one in WRITES)
