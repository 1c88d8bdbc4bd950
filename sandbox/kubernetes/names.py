"""Names, labels and variables in the API server's words: apimachinery util/validation of Kubernetes 1.37."""

from __future__ import annotations

import re
from typing import Final

ALNUM: Final = "must start and end with an alphanumeric character"
SUBDOMAIN: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
DNS_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
QUALIFIED: Final = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
VALUE: Final = r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
NOT_SUBDOMAIN: Final = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and {ALNUM}"
    f" (e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')"
)
NOT_DNS_LABEL: Final = (
    f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and {ALNUM}"
    f" (e.g. 'my-name',  or '123-abc', regex used for validation is '{DNS_LABEL}')"
)
NOT_QUALIFIED: Final = (
    f"must consist of alphanumeric characters, '-', '_' or '.', and {ALNUM}"
    f" (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{QUALIFIED}')"
)
NOT_VALUE: Final = (
    f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and {ALNUM}"
    f" (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '{VALUE}')"
)
NOT_VARIABLE: Final = (
    "a valid environment variable name must consist only of printable ASCII characters other than '='"
)


def subdomain(name: str) -> str:
    """What is wrong with the name of most objects; empty where nothing is."""
    if len(name) > 253:
        return "must be no more than 253 characters"
    return "" if re.fullmatch(SUBDOMAIN, name) else NOT_SUBDOMAIN


def dns_label(name: str) -> str:
    """What is wrong with the name of a namespace."""
    if "." in name:
        return "must not contain dots"
    if len(name) > 63:
        return "must be no more than 63 characters"
    return "" if re.fullmatch(DNS_LABEL, name) else NOT_DNS_LABEL


def label_key(key: str) -> str:
    """What is wrong with the key of a label or an annotation."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        return f"a valid label key {NOT_QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
    if slash and subdomain(prefix):
        return f"prefix part {subdomain(prefix)}"
    if len(name) > 63:
        return "name part must be no more than 63 bytes"
    return "" if re.fullmatch(QUALIFIED, name) else f"name part {NOT_QUALIFIED}"


def label_value(value: str) -> str:
    """What is wrong with the value of a label."""
    if len(value) > 63:
        return "must be no more than 63 bytes"
    return "" if re.fullmatch(VALUE, value) else NOT_VALUE


def variable(name: str) -> str:
    """What is wrong with the name of an environment variable."""
    return "" if re.fullmatch(r"[\x20-<>-~]+", name) else NOT_VARIABLE
