"""What the machines of an instance group are given as user-data."""

from infra.plan.node.user_data import USER_DATA_LIMIT, render_user_data

__all__ = ["USER_DATA_LIMIT", "render_user_data"]
