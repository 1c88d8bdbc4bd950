"""A posture while others write to the same resources, and what it calls its own."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from components.arm import merge
from components.arm.client import Client
from components.arm.errors import ArmError
from components.arm.model import Child, Own, Patch, Proof, Required, Rules, Wanted, parse, wanted_of
from components.arm.posture import establish, find_drift, find_present, take_back
from components.arm.transport import connect
from sandbox.azure.http.arm import Request
from sandbox.faults import Failure
from tests.components.arm.conftest import AI, CACHE, GROUP, STORAGE, Serve, Web

ADDRESS = "20.0.0.10"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow each other quickly."""
    monkeypatch.setattr(merge, "LOOK_SECONDS", 0.1)


def patch_of(*addresses: str, arm_id: str = STORAGE, version: str = "2025-08-01") -> Patch:
    rules = Rules("networkAcls.ipRules", "value", tuple({"value": one} for one in addresses))
    return Patch(arm_id, version, {"networkAcls.defaultAction": "Deny"}, (rules,))


def wanted(*patches: Patch) -> Wanted:
    return Wanted("orders", "public", patches, (), (), 0)


def make(client: Client, *patches: Patch) -> Own:
    return establish(client, wanted(*patches), None, Own(), Own())


def once(web: Web, method: str, action: Any) -> None:
    """Somebody else acts once, right after the first request of a method was served."""
    done: list[bool] = []

    def after(request: Request) -> None:
        if request.method == method and not done:
            done.append(True)
            action()

    web.after = after


def test_nothing_is_written_where_nothing_is_to_be_changed(serve: Serve):
    web, client = serve()
    make(client, patch_of(ADDRESS))
    writes = len(web.sent("PATCH"))
    assert writes == 1
    make(client, patch_of(ADDRESS))
    assert len(web.sent("PATCH")) == writes


def test_a_writer_that_undoes_ours_right_after_is_merged_with(serve: Serve):
    web, client = serve()
    stale = web.properties(STORAGE)
    stale["networkAcls"]["ipRules"].append({"value": "20.5.5.5"})
    once(web, "PATCH", lambda: web.put(STORAGE, stale))
    make(client, patch_of(ADDRESS))
    assert web.addresses() == ["20.9.9.9", "20.5.5.5", ADDRESS]
    assert web.properties(STORAGE)["networkAcls"]["defaultAction"] == "Deny"


def test_a_writer_that_had_read_before_us_and_writes_after_our_look_is_merged_with(serve: Serve):
    web, client = serve()
    stale = web.properties(STORAGE)
    stale["networkAcls"]["ipRules"].append({"value": "20.5.5.5"})
    timer = threading.Timer(0.05, lambda: web.put(STORAGE, stale))
    once(web, "PATCH", timer.start)
    make(client, patch_of(ADDRESS))
    assert web.addresses() == ["20.9.9.9", "20.5.5.5", ADDRESS]


def test_a_refused_write_begins_again_with_a_read_so_that_what_came_between_is_kept(serve: Serve):
    web, client = serve(Failure(409, 1, "ArmPatch"))
    added: list[bool] = []

    def before(request: Request) -> None:
        if request.method == "PATCH" and not added:
            added.append(True)
            web.add_address("20.5.5.5")

    web.before = before
    make(client, patch_of(ADDRESS))
    assert web.addresses() == ["20.9.9.9", "20.5.5.5", ADDRESS]


def test_an_update_of_somebody_else_that_is_under_way_is_waited_for(serve: Serve):
    web, client = serve(seconds=0.5)
    client._send(
        "PATCH",
        AI,
        "2025-06-01",
        {"properties": {"networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "20.5.5.5"}]}}},
    )
    make(client, patch_of(ADDRESS, arm_id=AI, version="2025-06-01"))
    assert web.addresses(AI) == ["20.5.5.5", ADDRESS]


def test_many_writers_at_once_all_get_their_rules(serve: Serve):
    web, _ = serve()
    failed: list[BaseException] = []

    def run(number: int) -> None:
        try:
            make(Client(connect("public")), patch_of(f"20.0.1.{number}"))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(web.addresses()) == [
        "20.0.1.0",
        "20.0.1.1",
        "20.0.1.2",
        "20.0.1.3",
        "20.0.1.4",
        "20.0.1.5",
        "20.9.9.9",
    ]


def test_a_writer_that_never_gives_way_ends_in_an_error_and_not_in_a_loop(serve: Serve):
    web, client = serve()

    def after(request: Request) -> None:
        if request.method == "PATCH":
            own = web.properties(STORAGE)
            own["networkAcls"]["ipRules"] = []
            web.put(STORAGE, own)

    web.after = after
    with pytest.raises(ArmError, match=r"other writers changed networkAcls after each of \d writes"):
        make(client, patch_of(ADDRESS))


def test_waiting_for_a_busy_resource_ends(serve: Serve, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(merge, "BUSY_SECONDS", 0.3)
    _, client = serve(Failure(409, 99, "ArmPatch"))
    with pytest.raises(ArmError, match="gave up after 0 s"):
        make(client, patch_of(ADDRESS))


def test_all_members_are_sent_in_one_call(serve: Serve):
    web, client = serve()
    patch = patch_of(ADDRESS)
    both = Patch(patch.id, patch.version, {"publicNetworkAccess": "Enabled", **patch.values}, patch.rules)
    make(client, both)
    (request,) = web.sent("PATCH")
    assert set(request.body) == {"properties"}
    assert set(request.body["properties"]) == {"publicNetworkAccess", "networkAcls"}


def test_what_stood_there_before_is_never_taken_for_ours(serve: Serve):
    web, client = serve()
    asked = wanted(patch_of("20.9.9.9", ADDRESS))
    found = find_present(client, asked, wanted_of(asked))
    own = establish(client, asked, None, Own(), found)
    assert own.rules == {(STORAGE.lower(), "networkAcls.ipRules", ADDRESS)}
    take_back(client, asked, own)
    assert web.addresses() == ["20.9.9.9"]
    assert web.properties(STORAGE)["networkAcls"]["defaultAction"] == "Deny"


def test_a_rule_that_its_writer_took_away_is_ours_once_we_wrote_it_again(serve: Serve):
    web, client = serve()
    asked = wanted(patch_of("20.9.9.9"))
    own = establish(client, asked, None, Own(), find_present(client, asked, wanted_of(asked)))
    assert own == Own()
    web.put(STORAGE, {**web.properties(STORAGE), "networkAcls": {"defaultAction": "Deny", "ipRules": []}})
    assert find_drift(client, asked) == [f"{STORAGE}: networkAcls.ipRules lacks 20.9.9.9"]
    own = establish(client, asked, asked, own, Own())
    assert own.rules == {(STORAGE.lower(), "networkAcls.ipRules", "20.9.9.9")}


def test_a_child_of_the_same_name_and_other_properties_is_not_overwritten(serve: Serve):
    web, client = serve()
    rule = f"{CACHE}/firewallRules/keyless"
    web.put(rule, {"startIP": "20.1.1.1", "endIP": "20.1.1.1"})
    properties = {"startIP": ADDRESS, "endIP": ADDRESS}
    props = {
        "resource": "sessions",
        "cloud": "public",
        "children": [{"id": rule, "apiVersion": "2024-11-01", "properties": properties}],
    }
    asked = parse(props)
    with pytest.raises(ValueError, match=r"firewallRules/keyless exists with other properties"):
        find_present(client, asked, wanted_of(asked))


SERVICES = "allowSharedKeyAccessForServices"
NO_FILES = Required(
    f"{SERVICES}.file.enabled", (False, None), "keys are allowed for files by a switch of their own"
)


def test_keys_are_not_called_off_while_a_newer_switch_lets_them_in(serve: Serve):
    web, client = serve()
    web.put(STORAGE, {**web.properties(STORAGE), SERVICES: {"file": {"enabled": True}}})
    off = Patch(STORAGE, "2025-08-01", {"allowSharedKeyAccess": False}, (), (NO_FILES,))
    said = rf"(?s)left as it is: {SERVICES}.file.enabled is True: keys are .*fix: .* = False or unset"
    with pytest.raises(ArmError, match=said):
        make(client, off)
    assert web.sent("PATCH") == []
    web.put(STORAGE, {**web.properties(STORAGE), SERVICES: {"file": {"enabled": False}}})
    make(client, off)
    assert web.properties(STORAGE)["allowSharedKeyAccess"] is False
    assert find_drift(client, wanted(off)) == []
    web.put(STORAGE, {**web.properties(STORAGE), SERVICES: {"file": {"enabled": True}}})
    (drift,) = find_drift(client, wanted(off))
    assert f"{SERVICES}.file.enabled is True" in drift


def test_what_must_hold_is_read_on_every_resource_before_the_first_is_written(serve: Serve):
    web, client = serve()
    needs = Required("redisConfiguration.aad-enabled", ("false",), "Entra authentication is off")
    cache = Patch(CACHE, "2024-11-01", {"disableAccessKeyAuthentication": True}, (), (needs,))
    with pytest.raises(ArmError, match=r"redisConfiguration.aad-enabled is true: Entra"):
        make(client, patch_of(ADDRESS), cache)
    assert web.sent("PATCH") == []


RULE = Child(f"{CACHE}/firewallRules/keyless", "2024-11-01", {"startIP": ADDRESS, "endIP": ADDRESS})
OTHER = Child(f"{CACHE}/firewallRules/keyless2", "2024-11-01", {"startIP": ADDRESS, "endIP": ADDRESS})


def with_rules(*children: Child, access: str = "Enabled", opens: bool = False) -> Wanted:
    patch = Patch(CACHE, "2024-11-01", {"publicNetworkAccess": access}, ())
    return Wanted("sessions", "public", (patch,), children, (), 0, opens)


def rules_of(client: Client) -> list[str]:
    return [one.rpartition("/")[2] for one in client.ids(f"{CACHE}/firewallRules", "2024-11-01")]


def test_the_last_rule_of_a_cache_stays_for_without_any_everybody_gets_in(serve: Serve):
    web, client = serve()
    asked = with_rules(RULE, OTHER)
    own = establish(client, asked, None, Own(), Own())
    assert own.children == {RULE.key, OTHER.key}
    take_back(client, asked, own)
    assert rules_of(client) == ["keyless2"]
    web.put(f"{CACHE}/firewallRules/foreign", {"startIP": "20.1.1.1", "endIP": "20.1.1.1"})
    take_back(client, asked, own)
    assert rules_of(client) == ["foreign"]


def test_a_last_rule_that_stays_remains_ours_until_an_edit_says_public(serve: Serve):
    _, client = serve()
    firewall = with_rules(RULE)
    own = establish(client, firewall, None, Own(), Own())
    private = with_rules(access="Disabled")
    own = establish(client, private, firewall, own, Own())
    assert rules_of(client) == ["keyless"]
    own = establish(client, with_rules(opens=True), private, own, Own())
    assert rules_of(client) == []
    assert own == Own()


def test_taking_back_where_the_resource_is_gone_is_fine(serve: Serve):
    _, client = serve()
    gone = patch_of(ADDRESS, arm_id=STORAGE.replace("storders", "stgone"))
    take_back(client, wanted(gone), wanted_of(wanted(gone)))


def test_a_write_of_which_nobody_knows_whether_it_arrived_is_looked_after(serve: Serve):
    web, client = serve(Failure(504, 1, "ArmPatch"))
    began = time.monotonic()
    make(client, patch_of(ADDRESS))
    assert web.addresses() == ["20.9.9.9", ADDRESS]
    assert time.monotonic() - began < 10


def test_more_rules_than_azure_takes_are_counted_before_anything_is_written(serve: Serve):
    web, client = serve()
    rules = Rules("networkAcls.ipRules", "value", ({"value": ADDRESS}, {"value": "20.9.9.9"}), limit=1)
    with pytest.raises(ArmError, match=r"ipRules would hold 2 entries, .* and Azure takes 1\nfix: take out"):
        make(client, Patch(STORAGE, "2025-08-01", {}, (rules,)))
    assert web.sent("PATCH") == []


def test_nothing_is_written_before_the_private_way_is_proven(serve: Serve):
    web, client = serve()
    proof = Proof(f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe", ())
    with pytest.raises(ArmError, match="nothing was closed"):
        establish(client, Wanted("orders", "public", (patch_of(),), (), (proof,), 0), None, Own(), Own())
    assert web.sent("PATCH") == []


def test_rules_stay_until_the_endpoint_that_takes_their_place_is_proven(serve: Serve):
    """From `firewall` to `endpoint`: the door stays shut, so its rules are the only way in until then."""
    web, client = serve()
    firewall = wanted(patch_of(ADDRESS))
    own = establish(client, firewall, None, Own(), Own())
    proof = Proof(f"{GROUP}/Microsoft.Network/privateEndpoints/pe", ("privatelink.blob.core.windows.net",))
    endpoint = Wanted("orders", "public", (Patch(STORAGE, "2025-08-01", {}, ()),), (), (proof,), 0)
    with pytest.raises(ArmError):
        establish(client, endpoint, firewall, own, Own())
    assert ADDRESS in web.addresses()
    # Where no rule goes, nothing is waited for.
    assert establish(client, endpoint, endpoint, Own(), Own()) == Own()
