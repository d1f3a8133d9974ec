"""The process of an environment's AWS stand-in, and a client to it."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.plan.naming import MEMBER_TAG
from rehearsal.environment.errors import RehearsalError
from rehearsal.environment.layout import Layout
from rehearsal.environment.variables import process_environment
from rehearsal.ports import port_is_free, remembered_ports
from rehearsal.processes import Daemon, ProcessError

_ROOT = Path(__file__).resolve().parents[2]
_READY_SECONDS = 60.0


class Cloud:
    """The moto server of one environment."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.daemon = Daemon("moto", layout.pids / "moto.json", layout.logs / "moto.log")

    @property
    def port(self) -> int:
        """The loopback port, the same for the environment's life."""
        return remembered_ports(self._layout.ports, ["moto"])["moto"]

    @property
    def endpoint(self) -> str:
        """The URL that AWS clients use in place of AWS's own."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, account_id: str) -> tuple[bool, str | None]:
        """Start the server unless it runs; return whether it was started, and what the user should know of its data.

        Raises RehearsalError when it does not become ready or its data cannot be used.
        """
        data = self._layout.moto_data
        command = [sys.executable, "-m", "rehearsal.moto", "--port", str(self.port), "--data", str(data)]
        environment = process_environment(
            {
                "MOTO_ACCOUNT_ID": account_id,
                "AWS_ACCESS_KEY_ID": "rehearsal",
                "AWS_SECRET_ACCESS_KEY": "rehearsal",
                "PYTHONPATH": str(_ROOT),
            }
        )
        if self.daemon.record() is None and not port_is_free(self.port):
            raise RehearsalError(
                f"Port {self.port} of the AWS stand-in is taken by another program. End that program, or delete "
                f"{self._layout.ports} to have a new port chosen."
            )
        started = self.daemon.start(command, environment)
        try:
            self.daemon.await_ready(self.answers, _READY_SECONDS)
        except ProcessError as error:
            raise RehearsalError(
                f"{error}\nIf its data are damaged, `./rehearse down {self._layout.name}` deletes the environment."
            ) from error
        return started, self._notice() if started else None

    def answers(self) -> bool:
        """Return whether the server answers."""
        request = urllib.request.Request(f"{self.endpoint}/moto-api/")  # noqa: S310  always loopback http
        try:
            # No proxy: the server is on this machine.
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            opener.open(request, timeout=2).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def publish(self, account_id: str, region: str, images: list[dict[str, Any]], holdings: Mapping[str, Any]) -> None:
        """Make images known that other accounts publish, and hold what the environment names and does not make.

        Raises RehearsalError when the server does not take them.
        """
        body = json.dumps({"account": account_id, "region": region, "images": images, **holdings}).encode()
        request = urllib.request.Request(f"{self.endpoint}/rehearsal/images", data=body, method="POST")  # noqa: S310  always loopback http
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            opener.open(request, timeout=30).close()
        except OSError as error:
            raise RehearsalError(f"The AWS stand-in takes no images ({error}); see {self.daemon.log_file}") from error

    def is_running(self) -> bool:
        """Return whether the process is alive."""
        return self.daemon.record() is not None

    def stop(self) -> bool:
        """Stop the server, which writes a last snapshot; return whether it ran. May take as long as that snapshot."""
        return self.daemon.stop(timeout=120)

    def client(self, service: str, region: str) -> Any:
        """Return a boto3 client of this server, whatever the user's own AWS settings are."""
        import boto3  # half a second: only commands that need it pay
        from botocore.config import Config

        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id="rehearsal",
            aws_secret_access_key="rehearsal",  # noqa: S106  moto checks no signature
            config=Config(proxies={}, retries={"total_max_attempts": 2}),
        )

    def has_machine(self, region: str, cluster: str, role: str) -> bool:
        """Return whether a machine of that role runs."""
        state = {"Name": "instance-state-name", "Values": ["pending", "running"]}
        filters = [*_of_cluster(cluster, "slipway/role", role), state]
        found = self.client("ec2", region).describe_instances(Filters=filters)
        return any(each["Instances"] for each in found["Reservations"])

    def release_balancers(self, region: str) -> None:
        """Lift the protection of load balancers from deletion, as a person would before a destroy."""
        elb = self.client("elbv2", region)
        attributes = [{"Key": "deletion_protection.enabled", "Value": "false"}]
        for each in elb.describe_load_balancers()["LoadBalancers"]:
            elb.modify_load_balancer_attributes(LoadBalancerArn=each["LoadBalancerArn"], Attributes=attributes)

    def etcd_volumes(self, region: str, cluster: str) -> dict[str, str]:
        """Return the ID of each control-plane member's volume, by the member."""
        filters = _of_cluster(cluster, MEMBER_TAG, "*")
        found = self.client("ec2", region).describe_volumes(Filters=filters)["Volumes"]
        tags = {volume["VolumeId"]: {tag["Key"]: tag["Value"] for tag in volume["Tags"]} for volume in found}
        return {of[MEMBER_TAG]: volume for volume, of in tags.items()}

    def _notice(self) -> str | None:
        try:
            notice = json.loads((self._layout.moto_data / "notice.json").read_text())["notice"]
        except FileNotFoundError:
            return None
        return None if notice is None else str(notice)


def _of_cluster(cluster: str, tag: str, value: str) -> list[dict[str, Any]]:
    """Return EC2's filters for what carries the cluster's name and another tag."""
    return [{"Name": f"tag:{key}", "Values": [text]} for key, text in (("KubernetesCluster", cluster), (tag, value))]
