"""moto behind HTTP with the add-ons' roles, each request judged by the actions they allow, and a metadata service.

moto gives its judgement neither resources nor tags: what is proved is that the actions suffice, and by which role they
are asked for. A role is had by a token alone, whose audience and subject its trust policy names.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from moto import settings
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses import EC2Response
from moto.elbv2.models import ELBv2Backend
from moto.iam.access_control import IAMPolicyStatement, IAMRequestBase, PermissionResult
from moto.moto_api._internal.models import moto_api_backend
from moto.server import ThreadedMotoServer

from infra.plan.addons.iam import plan_addon_roles
from infra.spec import EnvironmentSpec
from rehearsal.machines.facts import Account
from rehearsal.machines.metadata import Metadata

ACCOUNT = "123456789012"
"""The account that moto has unless told another."""
_SESSION = "assumed-role/"
_OF_LIFECYCLE_ACTION = (
    "AutoScalingGroupName",
    "InstanceId",
    "LifecycleActionResult",
    "LifecycleActionToken",
    "LifecycleHookName",
)


class Cloud:
    """AWS of an environment."""

    def __init__(self, spec: EnvironmentSpec, patch: pytest.MonkeyPatch) -> None:
        """Start it, with a role for each add-on, and judge everything from then on."""
        assert spec.account_id == ACCOUNT
        self._region = spec.region
        self._server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        # Its state is this process's.
        moto_api_backend.reset()
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        self._server.start()
        self.endpoint = "http://{}:{}".format(*self._server.get_host_and_port())
        self.asked: dict[str, set[str]] = defaultdict(set)
        """Actions by the role that asked for them."""
        self.completed: list[dict[str, str]] = []
        """Lifecycle actions that somebody ended, which moto does not know: no machine goes by it."""
        self._keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        iam = self.client("iam")
        self.roles = {}
        """ARN of each add-on's role, by the add-on's name."""
        for role in plan_addon_roles(spec):
            trust = role.trust_policy(f"arn:aws:iam::{ACCOUNT}:oidc-provider/{role.issuer_host}")
            made = iam.create_role(RoleName=role.role_name, AssumeRolePolicyDocument=trust)["Role"]
            iam.put_role_policy(RoleName=role.role_name, PolicyName="own", PolicyDocument=role.policy)
            self.roles[role.name] = made["Arn"]
        everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}], "Version": "2012-10-17"}
        iam.create_user(UserName="test")
        key = iam.create_access_key(UserName="test")["AccessKey"]
        iam.put_user_policy(UserName="test", PolicyName="all", PolicyDocument=json.dumps(everything))
        self._keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        self._judge(patch, iam)
        self._machines = Account(self.client("ec2"), self.client("iam"))
        self._metadata: ThreadingHTTPServer | None = None

    def client(self, service: str) -> Any:
        """Return a client of an administrator."""
        return boto3.client(service, region_name=self._region, endpoint_url=self.endpoint, **self._keys)

    def _judge(self, patch: pytest.MonkeyPatch, iam: Any) -> None:
        trust = {
            role["Arn"]: role["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]
            for role in iam.list_roles()["Roles"]
        }
        original: Callable[..., None] = ActionAuthenticatorMixin._authenticate_and_authorize_action
        permitted: Callable[..., None] = IAMRequestBase.check_action_permitted
        signed: Callable[..., None] = IAMRequestBase.check_signature

        def authenticate(handler: Any, *arguments: Any) -> None:
            if handler._get_action() != "AssumeRoleWithWebIdentity":
                original(handler, *arguments)
                return
            payload = handler._get_param("WebIdentityToken").split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
            role = handler._get_param("RoleArn")
            wanted = trust[role]
            audience, subject = (
                [value for key, value in wanted.items() if key.endswith(end)] for end in ("aud", "sub")
            )
            if (claims["aud"], [claims["sub"]]) != (audience, subject):
                raise AssertionError(f"{claims['sub']} for {claims['aud']} may not have {role}")

        def note(request: Any, resource: str) -> None:
            whose = str(request._access_key.arn)
            if _SESSION in whose:
                self.asked[whose.partition(_SESSION)[2].partition("/")[0]].add(request._action)
            permitted(request, resource)

        def check_signature(request: Any) -> None:
            # moto computes another one than the SDKs for what is read from Route 53; whose key it is, it knows.
            if request._service != "route53":
                signed(request)

        def by_action(statement: Any, action: str, *_: Any) -> PermissionResult:
            assert statement._statement["Effect"] == "Allow"
            matches = statement._check_element_matches("Action", action)
            return PermissionResult.PERMITTED if matches else PermissionResult.NEUTRAL

        patch.setattr(ActionAuthenticatorMixin, "_authenticate_and_authorize_action", authenticate)
        patch.setattr(IAMRequestBase, "check_action_permitted", note)
        patch.setattr(IAMRequestBase, "check_signature", check_signature)
        patch.setattr(IAMPolicyStatement, "is_action_permitted", by_action)
        make: Callable[..., Any] = ELBv2Backend.create_load_balancer

        def make_named(backend: ELBv2Backend, *arguments: Any, **keywords: Any) -> Any:
            made = make(backend, *arguments, **keywords)
            if made.type == "network":
                # Names of network load balancers have the region behind `elb`; moto's have it before, as classic ones.
                made.dns_name = f"{made.name}-0123456789abcdef.elb.{backend.region_name}.amazonaws.com"
            return made

        patch.setattr(ELBv2Backend, "create_load_balancer", make_named)
        # As EC2 answers for machine types that have none; moto has no answer.
        none = "<DescribeInstanceTopologyResponse><instanceSet/></DescribeInstanceTopologyResponse>"
        patch.setattr(EC2Response, "describe_instance_topology", lambda _: none, raising=False)

        def complete(handler: AutoScalingResponse) -> ActionResult:
            self.completed.append({name: handler._get_param(name) for name in _OF_LIFECYCLE_ACTION})
            return EmptyResult()

        patch.setattr(AutoScalingResponse, "complete_lifecycle_action", complete, raising=False)
        patch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)

    def metadata(self, instance: str) -> str:
        """Serve the metadata of an instance to whoever asks, and return where."""
        service = Metadata(lambda _: self._machines.instances()[instance], lambda _: b"", lambda _: {}, ACCOUNT)

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = service.answer(self.command, self.path, headers, "127.0.0.1")
                self.send_response(answer.status)
                for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._metadata = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._metadata.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self._metadata.server_address[1]}"

    def stop(self) -> None:
        """End both servers, and forget everything."""
        if self._metadata is not None:
            self._metadata.shutdown()
            self._metadata.server_close()
        self._server.stop()
        moto_api_backend.reset()
