"""Plans the managed identity of an app in one environment."""

from keyless import names
from keyless.environment import AppOverride
from keyless.fields import below_group, identity_name_fits, resource_group_fits, resource_group_id
from keyless.plan import ManagedIdentity
from keyless.project import CONFIG_KEY, LoadedEnvironment
from keyless.spec import LoadedApp
from keyless.wrongs import Wrong


def plan_identity(
    app: LoadedApp, environment: LoadedEnvironment, override: AppOverride, wrong: Wrong
) -> ManagedIdentity:
    """The identity of `app`: made, or the one that the environment names. What Azure would refuse goes to `wrong`."""
    words = {"app": app.spec.app, "team": app.spec.team or "shared", "env": environment.name}
    facts = environment.facts
    group = _filled(facts.identities.resource_group, words)
    name = names.shortened(_filled(facts.identities.name, words), 128)
    made = override.identity is None
    if made:
        _check_names(app.spec.app, environment, group, name, wrong)
    home = resource_group_id(facts.subscription, group)
    usual = below_group(home, "Microsoft.ManagedIdentity/userAssignedIdentities", name)
    existing = override.identity
    if existing is not None and existing.key == usual.key:
        # In another spelling the engine would read "another" identity and delete the one it made: the same one.
        wrong.add_entry(
            environment,
            "apps",
            app.spec.app,
            "identity",
            ("own-identity", "this is the identity that Keyless makes for the app", "remove `identity`"),
        )
    return ManagedIdentity(
        logical_name=names.logical(app.spec.app, "identity"),
        id=existing or usual,
        location=facts.identities.location or facts.location,
        made=made,
        protected=facts.protected and made,
        tags=dict(sorted(facts.tags.items())),
    )


def _check_names(app: str, environment: LoadedEnvironment, group: str, name: str, wrong: Wrong) -> None:
    """Refuse what the environment's patterns come to for this app, where Azure would."""
    patterns = ("config", CONFIG_KEY, "identities")
    for key, text, fits, form in (
        (
            "resource_group",
            group,
            resource_group_fits(group),
            "at most 90 letters, digits and -_.(), no dot at the end",
        ),
        (
            "name",
            name,
            identity_name_fits(name),
            "3 to 128 letters, digits, - and _, the first a letter or digit",
        ),
    ):
        if not fits:
            wrong.findings.append(
                environment.document.finding(
                    "malformed",
                    (*patterns, key),
                    f"comes to '{text}' for the app '{app}', which is no name in Azure",
                    f"write what fills to {form}; the words are {{app}}, {{team}} and {{env}}",
                )
            )


def _filled(pattern: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        pattern = pattern.replace("{" + word + "}", value)
    return pattern
