"""Keys that pods are given, by name and by value, through env, envFrom and volumes; and that no value is ever told."""

from __future__ import annotations

import base64
import textwrap
import time
from pathlib import Path

import pytest

from keyless.doctor.leaks import Leak, Target, Unseen, find_leaks
from keyless.doctor.manifest import read_manifests
from keyless.doctor.pod import pod_of

STORAGE = Target(("blob",), "storders")
REDIS = Target(("redis",), "rdc")
FOUNDRY = Target(("foundry", "openai"), "aif")
MARK = "c2VjcmV0LW1hcms="
CONNECTION = (
    f"DefaultEndpointsProtocol=https;AccountName=storders;AccountKey={MARK};EndpointSuffix=core.windows.net"
)
HEAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout}
spec:
  template:
    spec:
      containers:
        - name: api
"""


def found(tmp_path: Path, text: str, target: Target = STORAGE) -> list[Leak | Unseen]:
    """What the Deployment's pods are given, of the manifests in `text`."""
    (tmp_path / "all.yaml").write_text(text)
    manifests = read_manifests(tmp_path, tmp_path)
    (deployment,) = manifests.named("Deployment", "checkout")
    pod = pod_of(deployment)
    assert pod is not None
    return list(find_leaks(pod, manifests, target))


def container(body: str, *, beside: str = "", volumes: str = "") -> str:
    """A Deployment whose container has `body`; other documents stand behind it."""
    text = HEAD + textwrap.indent(textwrap.dedent(body), " " * 10)
    text += textwrap.indent(textwrap.dedent(volumes), " " * 6)
    return text + "".join(f"---\n{textwrap.dedent(one)}" for one in beside.split("---\n") if one.strip())


def env(name: str, value: str) -> str:
    return container(f"env:\n  - {{name: {name}, value: {value!r}}}\n")


def shown(leaks: list[Leak | Unseen]) -> list[tuple[str, int]]:
    return [(one.variable if isinstance(one, Leak) else f"all of {one.name}", one.line) for one in leaks]


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("AZURE_STORAGE_CONNECTION_STRING", STORAGE),
        ("AzureWebJobsStorage", STORAGE),
        ("ORDERS_STORAGE_KEY", STORAGE),
        ("Storage__AccountKey", STORAGE),
        ("BLOB_SAS_TOKEN", STORAGE),
        ("SESSIONS_REDIS_PASSWORD", REDIS),
        ("REDISCLI_AUTH", REDIS),
        ("AZURE_OPENAI_API_KEY", FOUNDRY),
        ("AZURE_AI_API_KEY", FOUNDRY),
    ],
)
def test_a_variable_is_known_by_its_name(tmp_path: Path, name: str, target: Target) -> None:
    (leak,) = found(tmp_path, env(name, "x"), target)
    assert isinstance(leak, Leak)
    assert (leak.variable, leak.line, leak.file) == (name, 10, "all.yaml")
    assert (leak.workload, leak.container, leak.how) == ("Deployment checkout", "api", "by its name")


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("LOG_LEVEL", STORAGE),
        ("STORAGE_ACCOUNT", STORAGE),
        ("INVOICES_ENDPOINT", STORAGE),
        ("STORAGE_SASL_MECHANISM", STORAGE),
        ("REDIS_HOST", REDIS),
        ("REDIS_URL", REDIS),
        ("REDIS_PASSWORD", STORAGE),
        ("AZURE_OPENAI_ENDPOINT", FOUNDRY),
    ],
)
def test_a_variable_of_another_name_or_kind_is_none(tmp_path: Path, name: str, target: Target) -> None:
    assert found(tmp_path, env(name, "x"), target) == []


@pytest.mark.parametrize(
    ("value", "target"),
    [
        (CONNECTION, STORAGE),
        (f"AccountKey={MARK};AccountName=storders", STORAGE),
        (f"https://storders.blob.core.windows.net/c?sv=2024&se=2030-01-01&sp=r&sig={MARK}", STORAGE),
        (f"?se=2030-01-01&sig={MARK}", STORAGE),
        (f"BlobEndpoint=https://storders.blob.core.windows.net;SharedAccessSignature=sig={MARK}", STORAGE),
        (f"rdc.redis.cache.windows.net:6380,password={MARK},ssl=True", REDIS),
        (f"rediss://:{MARK}@rdc.redis.cache.windows.net:6380/0", REDIS),
        (f"redis://app:{MARK}@10.0.0.4:6379", REDIS),
    ],
)
def test_a_value_is_known_by_its_form_and_never_told(tmp_path: Path, value: str, target: Target) -> None:
    (leak,) = found(tmp_path, env("SOMETHING", value), target)
    assert isinstance(leak, Leak)
    assert (leak.variable, leak.how) == ("SOMETHING", "by its value")
    assert MARK not in repr(leak)


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("https://storders.blob.core.windows.net", STORAGE),
        (f"https://storders.blob.core.windows.net/c?skoid=1&se=2030-01-01&sig={MARK}", STORAGE),
        (f"AccountEndpoint=https://shop.documents.azure.com:443/;AccountKey={MARK};", STORAGE),
        ("rediss://rdc.redis.cache.windows.net:6380", REDIS),
        ("rdc.redis.cache.windows.net:6380,ssl=True", REDIS),
    ],
)
def test_a_value_without_a_key_is_none(tmp_path: Path, value: str, target: Target) -> None:
    assert found(tmp_path, env("SOMETHING", value), target) == []


@pytest.mark.parametrize(
    ("name", "value", "target"),
    [
        ("AZURE_STORAGE_CONNECTION_STRING", CONNECTION.replace("storders", "stother"), STORAGE),
        ("STORAGE_SAS", f"https://stother.blob.core.windows.net/c?se=2030-01-01&sig={MARK}", STORAGE),
        ("REDIS_CONNECTION_STRING", f"other.redis.cache.windows.net:6380,password={MARK}", REDIS),
        ("REDIS_PASSWORD_URL", f"rediss://:{MARK}@other.koreacentral.redis.azure.net:10000", REDIS),
    ],
)
def test_a_key_that_names_another_resource_is_not_this_ones(
    tmp_path: Path, name: str, value: str, target: Target
) -> None:
    assert found(tmp_path, env(name, value), target) == []


SECRET = f"""\
apiVersion: v1
kind: Secret
metadata: {{name: keys}}
data: {{conn: {base64.b64encode(CONNECTION.encode()).decode()}, other: YQ==}}
"""


def reference(store: str, name: str, key: str, variable: str = "CONN") -> str:
    return f"env:\n  - name: {variable}\n    valueFrom: {{{store}: {{name: {name}, key: {key}}}}}\n"


def test_a_secrets_value_is_looked_at_where_the_manifests_hold_it(tmp_path: Path) -> None:
    (leak,) = found(tmp_path, container(reference("secretKeyRef", "keys", "conn"), beside=SECRET))
    assert isinstance(leak, Leak)
    assert leak.how == "by its value, from the Secret keys"
    assert found(tmp_path, container(reference("secretKeyRef", "keys", "other"), beside=SECRET)) == []


def test_plain_data_of_secrets_and_config_maps_is_looked_at_too(tmp_path: Path) -> None:
    for kind, section, store in (
        ("Secret", "stringData", "secretKeyRef"),
        ("ConfigMap", "data", "configMapKeyRef"),
    ):
        beside = f"kind: {kind}\nmetadata: {{name: keys}}\n{section}: {{conn: '{CONNECTION}'}}\n"
        text = container(reference(store, "keys", "conn"), beside=beside)
        assert shown(found(tmp_path, text)) == [("CONN", 10)]


@pytest.mark.parametrize(
    ("secret", "key", "variable"),
    [
        ("any", "any", "STORAGE_ACCOUNT_KEY"),
        ("any", "storage-account-key", "X"),
        ("orders-storage", "connection-string", "X"),
        ("any", "any", "STORAGE_URL"),
    ],
)
def test_a_reference_is_known_by_the_names_of_variable_secret_and_key(
    tmp_path: Path, secret: str, key: str, variable: str
) -> None:
    text = container(reference("secretKeyRef", secret, key, variable))
    assert shown(found(tmp_path, text)) == [(variable, 10)]


def test_an_import_gives_every_key_with_its_prefix(tmp_path: Path) -> None:
    body = "envFrom:\n  - prefix: AZURE_\n    secretRef: {name: keys}\n"
    beside = "kind: Secret\nmetadata: {name: keys}\nstringData: {STORAGE_KEY: x, LOG_LEVEL: debug}\n"
    assert shown(found(tmp_path, container(body, beside=beside))) == [("AZURE_STORAGE_KEY", 10)]


@pytest.mark.parametrize("reference", ["secretRef", "configMapRef"])
def test_an_import_of_what_no_manifest_holds_is_unseen(tmp_path: Path, reference: str) -> None:
    (one,) = found(tmp_path, container(f"envFrom:\n  - {reference}: {{name: keys}}\n"))
    assert isinstance(one, Unseen)
    assert (one.name, one.line, one.container) == ("keys", 10, "api")


@pytest.mark.parametrize(
    "beside",
    [
        "kind: SealedSecret\nmetadata: {name: keys}\nspec: {encryptedData: {STORAGE_KEY: AgB}}\n",
        "kind: ExternalSecret\nmetadata: {name: x}\nspec: {target: {name: keys}, data: [{secretKey: STORAGE_KEY}]}\n",
        "kind: SecretProviderClass\nmetadata: {name: x}\n"
        "spec: {secretObjects: [{secretName: keys, data: [{key: STORAGE_KEY, objectName: a}]}]}\n",
    ],
)
def test_what_becomes_a_secret_names_its_keys(tmp_path: Path, beside: str) -> None:
    text = container("envFrom:\n  - secretRef: {name: keys}\n", beside=beside)
    assert shown(found(tmp_path, text)) == [("STORAGE_KEY", 10)]


def test_an_external_secret_that_takes_all_names_none(tmp_path: Path) -> None:
    beside = "kind: ExternalSecret\nmetadata: {name: keys}\nspec: {dataFrom: [{extract: {key: a}}]}\n"
    text = container("envFrom:\n  - secretRef: {name: keys}\n", beside=beside)
    assert shown(found(tmp_path, text)) == [("all of keys", 10)]


MOUNT = "volumeMounts:\n  - {name: keys, mountPath: /keys}\n"


@pytest.mark.parametrize(
    "volume",
    ["secret: {secretName: storage-account}", "projected: {sources: [{secret: {name: storage-account}}]}"],
)
def test_a_mounted_secret_is_looked_through(tmp_path: Path, volume: str) -> None:
    beside = "kind: Secret\nmetadata: {name: storage-account}\nstringData: {key: x, note: y}\n"
    text = container(MOUNT, volumes=f"volumes:\n  - name: keys\n    {volume}\n", beside=beside)
    assert [one for one, _ in shown(found(tmp_path, text))] == ["key"]


def test_a_mounted_secret_that_no_manifest_holds_is_unseen_but_for_the_keys_it_names(tmp_path: Path) -> None:
    whole = container(MOUNT, volumes="volumes:\n  - name: keys\n    secret: {secretName: tls}\n")
    assert shown(found(tmp_path, whole)) == [("all of tls", 12)]
    items = "volumes:\n  - name: keys\n    secret: {secretName: tls, items: [{key: tls.crt, path: a}]}\n"
    assert found(tmp_path, container(MOUNT, volumes=items)) == []


def test_a_volume_that_no_container_mounts_gives_nothing(tmp_path: Path) -> None:
    text = container("image: a\n", volumes="volumes:\n  - name: keys\n    secret: {secretName: keys}\n")
    assert found(tmp_path, text) == []


def test_a_mounted_config_map_that_no_manifest_holds_is_no_finding(tmp_path: Path) -> None:
    text = container(MOUNT, volumes="volumes:\n  - name: keys\n    configMap: {name: ca}\n")
    assert found(tmp_path, text) == []


def test_a_file_of_settings_is_searched_line_by_line(tmp_path: Path) -> None:
    beside = f"kind: ConfigMap\nmetadata: {{name: app}}\ndata:\n  app.yaml: |\n    level: info\n    blob: {CONNECTION}\n"
    volumes = "volumes:\n  - name: keys\n    configMap: {name: app}\n"
    text = container(MOUNT, volumes=volumes, beside=beside)
    assert [one for one, _ in shown(found(tmp_path, text))] == ["app.yaml"]


def test_arguments_are_looked_at(tmp_path: Path) -> None:
    text = container(f"args:\n  - serve\n  - --storage={CONNECTION}\n")
    assert shown(found(tmp_path, text)) == [("args[1]", 11)]


def test_init_containers_count(tmp_path: Path) -> None:
    text = container(
        "image: a\n",
        volumes="initContainers:\n  - name: init\n    env: [{name: STORAGE_ACCOUNT_KEY, value: x}]\n",
    )
    (leak,) = found(tmp_path, text)
    assert (leak.container, leak.line) == ("init", 12)


def test_nothing_that_was_read_shows_a_value(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(env("X", CONNECTION) + "---\n" + SECRET)
    manifests = read_manifests(tmp_path, tmp_path)
    pod = pod_of(manifests.objects[0])
    assert MARK not in repr(manifests) + repr(pod)
    assert base64.b64encode(CONNECTION.encode()).decode() not in repr(manifests)


@pytest.mark.parametrize("text", ["a" * 2_000_000, "redis://" + ":" * 2_000_000, "-" * 500_000 + ".redis."])
def test_a_long_value_takes_no_time(tmp_path: Path, text: str) -> None:
    begun = time.process_time()
    found(tmp_path, env("X", text), REDIS)
    found(tmp_path, env("X", text), STORAGE)
    assert time.process_time() - begun < 2
