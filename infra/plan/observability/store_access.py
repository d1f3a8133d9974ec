"""Who may do what in OpenSearch: what securityadmin.sh uploads, by file."""

from __future__ import annotations

from typing import Any

DASHBOARDS_USER = "dashboards"
"""As whom Dashboards itself asks OpenSearch, for its own index."""


def access_files() -> dict[str, dict[str, Any]]:
    """Return the files of the security plugin's configuration by name."""
    # Each file has to be there, or securityadmin.sh uploads some of them and fails (seen with 3.4.0).
    empty = {"action_groups.yml": "actiongroups", "nodes_dn.yml": "nodesdn", "tenants.yml": "tenants"}
    users = {"internal_users.yml": _users(), "roles.yml": _roles(), "roles_mapping.yml": _mappings()}
    return {"config.yml": _access(), **{name: _meta(kind) for name, kind in empty.items()}, **users}


def _meta(kind: str) -> dict[str, Any]:
    return {"_meta": {"type": kind, "config_version": 2}}


def _access() -> dict[str, Any]:
    """Return who may come in how, that Dashboards has no tenants, and that who asks for all is given what is theirs.

    OpenSearch has tenants unless told, whatever Dashboards is told: who is not ``kibanaserver`` then reaches the index
    ``.kibana`` by a right to a tenant alone, which Dashboards' role has not (opensearch-project/security 3.x,
    ``PrivilegesInterceptorImpl.java``, ``ConfigV7.java``; seen with 3.4.0). A request for all indices is refused
    unless told, too, and Dashboards makes one to find out whether there is any data: readers were told that there is
    none (OpenSearch-Dashboards, ``index_pattern_management``, ``get_indices.ts``).
    """
    basic = {
        "http_enabled": True,
        "order": 0,
        "http_authenticator": {"type": "basic", "challenge": True},
        "authentication_backend": {"type": "internal"},
    }
    dynamic = {
        "kibana": {"multitenancy_enabled": False, "server_username": DASHBOARDS_USER},
        "do_not_fail_on_forbidden": True,
        "http": {"anonymous_auth_enabled": False},
        "authc": {"basic_internal": basic},
    }
    return {**_meta("config"), "config": {"dynamic": dynamic}}


def _users() -> dict[str, Any]:
    variables = {"admin": "ADMIN", "reader": "READER", "fluent-bit": "SHIPPER", DASHBOARDS_USER: "DASHBOARDS"}
    return {
        **_meta("internalusers"),
        # securityadmin.sh -rev puts the password's bcrypt hash here.
        **{user: {"hash": f"${{envbc.{name}_PASSWORD}}", "reserved": True} for user, name in variables.items()},
    }


def _roles() -> dict[str, Any]:
    write = ["indices:admin/create", "indices:admin/mapping/auto_put", "indices:admin/mapping/put"]
    write += ["indices:data/write/bulk*", "indices:data/write/index"]
    return {
        **_meta("roles"),
        # Makes indices and adds to them: it can neither read, change nor delete a line.
        "log_shipper": {
            "cluster_permissions": ["indices:data/write/bulk"],
            "index_permissions": [{"index_patterns": ["logs-*"], "allowed_actions": write}],
        },
        "log_reader": {
            "cluster_permissions": ["cluster_composite_ops_ro"],
            "index_permissions": [{"index_patterns": ["logs-*"], "allowed_actions": ["read", "indices_monitor"]}],
        },
    }


def _mappings() -> dict[str, Any]:
    mapped = {
        "all_access": ["admin"],
        "kibana_server": [DASHBOARDS_USER],
        "kibana_user": ["reader"],
        "log_reader": ["reader"],
        "log_shipper": ["fluent-bit"],
    }
    return {**_meta("rolesmapping"), **{role: {"users": users} for role, users in mapped.items()}}
