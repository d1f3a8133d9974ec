"""What an application team reads when its file is wrong: all of it at once, with path, value and fix."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from infra.plan.workloads.workload import plan_workloads
from infra.spec import SpecError
from tests.infra.workload_samples import DIGEST, IMAGE, environment, problems, workloads

HTTP = [{"name": "http", "port": 8080}]
WEB: dict[str, Any] = {"image": IMAGE, "ports": HTTP}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"image": "web:1:2"}, "image: 'web:1:2' is not an image reference. Fix: write registry/name:tag@sha256:<64 "
         "hex digits>, in lower case."),
        ({"image": "web:latest"}, "image: 'web:latest' names no version: whatever is newest when a node pulls it would "
         "run. Fix: append the digest, as name@sha256:<64 hex digits>, or at least a tag other than latest."),
        ({"image": "web:1.2"}, "image: 'web:1.2' is not named by digest, so it may be another image tomorrow. Fix: "
         "append @sha256:..., or write pinnedImages: false in the stack file."),
        ({"replica": 3}, "replica: is not a known key. Fix: write replicas."),
        ({"readinessProbe": {}}, "readinessProbe: is not a known key. Fix: write it as probes.readiness."),
        ({"hostPath": "/var"}, "hostPath: is not a known key. Fix: remove it: a workload's folders are claims (kept), "
         "scratch (gone with the pod), config and secrets, and never one of its node (agents of nodes: "
         'docs/workloads.md, "What a workload is not").'),
        ({"probes": {"readiness": {"port": 8080}}}, "probes.readiness.port: 8080 is a number, and a probe asks a port "
         "by its name. Fix: write the name that ports gives it, as http."),
        ({"probes": {"readiness": {"path": "health"}}}, "probes.readiness.path: 'health' is not a path of a URL. Fix: "
         "begin it with /, without spaces, as /healthz."),
        ({"expose": "x.example.com"}, "expose: 'x.example.com' is not a mapping. Fix: write a mapping of keys to "
         "values, with host, as {host: x.example.com}."),
        ({"secrets": [{"name": "key", "config": "1x"}]}, "secrets[0].config: '1x' is not a key of the stack's "
         "configuration here. Fix: begin with a letter, and use letters, digits, dots, underscores and hyphens."),
        ({"aws": [{"actions": ["*"], "resources": ["*"]}]}, "aws[0].actions[0]: '*' allows everything in AWS. Fix: "
         "name the actions, as s3:GetObject."),
        ({"aws": [{"actions": ["s3"], "resources": ["*"]}]}, "aws[0].actions[0]: 's3' is not an IAM action. Fix: write "
         "service:Action, as s3:GetObject or sqs:*."),
        ({"aws": [{"actions": ["s3:Get*"], "resources": ["acme"]}]}, "aws[0].resources[0]: 'acme' is not an ARN. Fix: "
         "write it as arn:aws:s3:::acme-media/*, or '*' for actions that name no resource."),
        ({"kind": "DaemonSet", "replicas": 4}, "replicas: 4 is for a Deployment or StatefulSet, and does nothing for "
         "a DaemonSet. Fix: remove it: a DaemonSet runs a pod on each node that nodeSelector and tolerations allow."),
        ({"kind": "Job", "ports": [], "replicas": 2}, "replicas: 2 is for a Deployment or StatefulSet, and does "
         "nothing for a Job. Fix: remove it, and write job.parallelism for pods at once, job.completions for how "
         "many."),
        ({"job": {"retries": 1}}, "job: is for a Job or CronJob, and does nothing for a Deployment. Fix: remove it."),
        ({"podManagement": "parallel"}, "podManagement: 'parallel' is for a StatefulSet, and does nothing for a "
         "Deployment. Fix: remove it."),
        ({"name": "web"}, "name: 'web' is the file's own name and not written here. Fix: remove it."),
        ({"namespace": "x"}, "namespace: 'x' is chosen by the stack file and not written here. Fix: remove it."),
        ({"security": {"capabilities": ["CHOWN", "SETUID"]}}, "security.capabilities: CHOWN, SETUID are of root's "
         "processes alone, and these are of user 65532. Fix: remove it, or write runAsUser: 0; ports below 1024 need "
         "none."),
        ({"ports": [*HTTP, {"name": "dns", "port": 5353, "protocol": "UDP", "appProtocol": "h2c"}]},
         "ports[1].appProtocol: 'h2c' is spoken over TCP alone. Fix: remove it."),
        ({"envFromPod": {"A": "name"}, "env": {"A": "x"}}, "envFromPod.A: 'name' is an environment variable of env "
         "already. Fix: rename or remove one."),
        ({"envFromPod": {"A": "ordinal"}}, "envFromPod.A: 'ordinal' is of a StatefulSet's pods, and this is a "
         "Deployment. Fix: remove it, or write kind: StatefulSet."),
        ({"envFromPod": {"A": "name"}, "secrets": [{"name": "a", "generate": 20, "env": "A"}]}, "secrets[0].env: 'A' "
         "is an environment variable already. Fix: rename or remove one."),
        ({"config": {"/etc/../x": "a"}}, "config['/etc/../x']: is not a path of a file. Fix: write an absolute "
         "path without .., as /etc/nginx/nginx.conf."),
        ({"config": {"/etc": "a"}}, "config['/etc']: is a folder of the image's own. Fix: write a file in it, as "
         "/etc/app.conf."),
        ({"config": {"/etc/secrets/x": "a"}, "secrets": [{"name": "a", "generate": 20}]}, "config['/etc/secrets/x']: "
         "'/etc/secrets/x' lies in /etc/secrets, where secrets is mounted, read-only. Fix: choose another folder."),
        ({"config": {"a": "b"}, "scratch": [{"path": "/etc/config/run"}]}, "scratch[0].path: '/etc/config/run' lies in "
         "/etc/config, where config is mounted, read-only. Fix: choose another folder."),
        ({"scratch": [{"path": "/var/run/secrets/aws"}], "aws": [{"actions": ["s3:GetObject"], "resources": ["*"]}]},
         "scratch[0].path: '/var/run/secrets/aws' is where aws is mounted. Fix: choose another folder."),
        ({"config": {"/proc/x": "a"}}, "config['/proc/x']: is the kernel's own. Fix: choose another folder, as "
         "/etc/app/app.conf."),
        ({"config": {"conf.d/x": "a"}}, "config['conf.d/x']: is not a name of a file here. Fix: use letters, "
         "digits, dots, underscores and hyphens, or write the file's whole path, as /etc/app/app.conf."),
        ({"config": {"/data": "a"}, "scratch": [{"path": "/data"}]}, "scratch[0].path: '/data' is where config is "
         "mounted. Fix: choose another folder."),
        ({"claims": [{"name": "data", "path": "/data", "sizeGi": 1, "subPath": "../x"}], "replicas": 1},
         "claims[0].subPath: '../x' is not a folder within a volume. Fix: write it without a slash in front and "
         "without .., as data."),
        ({"probes": {"common": {"headers": {"X Y": "a"}}}}, "probes.common.headers['X Y']: is not a name of a "
         "header. Fix: use letters, digits and hyphens, as Host."),
        ({"probes": {"readiness": {"type": "tcp", "headers": {"Host": "a"}}}}, "probes.readiness.headers: is of no use "
         "to a probe of type tcp. Fix: remove it, or write type: http."),
        ({"service": {"type": "headless", "sessionAffinity": "ClientIP"}}, "service.sessionAffinity: 'ClientIP' does "
         "nothing: a headless Service leads callers straight to the pods. Fix: remove it."),
        ({"service": {"type": "loadBalancer", "sessionAffinity": "ClientIP"}}, "service.sessionAffinity: 'ClientIP' is "
         "for callers in the cluster, and the controller makes no load balancer of a Service that has it. Fix: remove "
         "it."),
        ({"helpers": [{"name": "web", "image": IMAGE}]}, "helpers[0].name: 'web' is the name of the main container. "
         "Fix: rename the helper."),
        ({"helpers": [{"name": "a", "image": IMAGE}, {"name": "a", "image": IMAGE}]}, "helpers[1].name: 'a' is "
         "declared twice. Fix: rename one."),
        ({"helpers": [{"name": "agent-0", "image": IMAGE}]}, "helpers[0].name: 'agent-0' is the name of a container "
         "of Slipway's own. Fix: choose another name, as proxy."),
        ({"helpers": [{"name": "setup", "runs": "before"}]}, "helpers[0]: 'setup' would do what the main container "
         "does: it has its image and no command of its own. Fix: add image, command or args."),
        ({"helpers": [{"name": "proxy", "image": "proxy:1.0"}]}, "helpers[0].image: 'proxy:1.0' is not named by "
         "digest, so it may be another image tomorrow. Fix: append @sha256:..., or write pinnedImages: false in the "
         "stack file."),
        ({"helpers": [{"name": "proxy", "image": IMAGE, "env": {"API_KEY": "x"}}]}, "helpers[0].env.API_KEY: is a "
         "secret by its name, and variables stand in the open. Fix: declare it under secrets, with env: API_KEY."),
        ({"after": ["wbe"]}, "after[0]: 'wbe' is no workload of the environment. Fix: write web."),
        ({"after": ["web"]}, "after[0]: 'web' is the workload itself. Fix: remove it."),
        ({"ports": [*HTTP, {"name": "http", "port": 8081}]},
         "ports[1].name: 'http' is declared twice. Fix: rename one."),
        ({"ports": [*HTTP, {"name": "a", "port": 8080}]}, "ports[1].port: 8080 is declared twice. Fix: remove one."),
        ({"probes": {"liveness": {"port": "admin"}}}, "probes.liveness.port: 'admin' is not a TCP port of this "
         "workload. Fix: write one of http."),
        ({"probes": {"startup": {"type": "exec"}}}, "probes.startup.command: is missing. Fix: add command, for example "
         "['cat', '/tmp/ready']."),
        ({"probes": {"readiness": {"type": "tcp", "path": "/x"}}}, "probes.readiness.path: is of no use to a probe of "
         "type tcp. Fix: remove it, or write type: http."),
        ({"ports": [], "probes": {"readiness": {"type": "http"}}}, "probes.readiness.type: 'http' asks a port, and the "
         "workload has no TCP port. Fix: declare the port under ports, or write exec or none."),
        ({"resources": {"memory": "100m"}}, "resources.memory: '100m' is not an amount of memory (m is a thousandth of "
         "a byte). Fix: write a whole number and Ki, Mi, Gi or Ti, as 256Mi."),
        ({"resources": {"cpu": "2", "cpuLimit": "500m"}}, "resources.cpuLimit: '500m' is below the request of 2. Fix: "
         "write at least 2, or remove it."),
        ({"schedule": "0 3 * * *"}, "schedule: '0 3 * * *' is for a CronJob, and this is a Deployment. Fix: write "
         "kind: CronJob, or remove it."),
        ({"kind": "CronJob", "ports": []}, "schedule: is missing. Fix: add schedule, for example '30 2 * * *'."),
        ({"kind": "CronJob", "ports": [], "schedule": "60 * * * *"}, "schedule: '60 * * * *' has '60' as minute, which "
         "goes from 0 to 59. Fix: write numbers, ranges and steps of it, as 1-5 or */2."),
        ({"kind": "Job"}, "ports: are for what serves, and a Job ends. Fix: remove them, or choose another kind."),
        ({"claims": [{"name": "data", "path": "/d", "sizeGi": 1}]}, "replicas: 2 (the default) is more than one, and "
         "the claims of a Deployment are shared by its pods, which these volumes are not. Fix: write kind: "
         "StatefulSet, so that each pod gets its own, or replicas: 1."),
        ({"replicas": 3, "claims": [{"name": "data", "path": "/d", "sizeGi": 1}]}, "replicas: 3 is more than one, and "
         "the claims of a Deployment are shared by its pods, which these volumes are not. Fix: write kind: "
         "StatefulSet, so that each pod gets its own, or replicas: 1."),
        ({"kind": "DaemonSet", "claims": [{"name": "data", "path": "/d", "sizeGi": 1}]}, "claims: cannot be used by a "
         "DaemonSet: its pods would share one volume. Fix: use scratch, or a StatefulSet."),
        ({"kind": "Job", "ports": [], "job": {"parallelism": 2},
          "claims": [{"name": "data", "path": "/d", "sizeGi": 1}]},
         "job.parallelism: 2 is more than one, and pods of a Job share its claims, which these volumes are not. Fix: "
         "write 1, or claims of access: ReadWriteMany."),
        ({"kind": "CronJob", "ports": [], "schedule": "@daily", "cron": {"concurrency": "Allow"},
          "claims": [{"name": "data", "path": "/d", "sizeGi": 1}]},
         "cron.concurrency: 'Allow' runs several at once, and pods of a CronJob share its claims, which these volumes "
         "are not. Fix: write Forbid or Replace, or claims of access: ReadWriteMany."),
        ({"kind": "StatefulSet", "claims": [{"name": "config", "path": "/d", "sizeGi": 1}]}, "claims[0].name: 'config' "
         "is the name of a volume of Slipway's own. Fix: choose another name, as data."),
        ({"update": {"maxSurge": "0"}}, "update.maxSurge: '0' is nothing, and so is maxUnavailable: no pod could ever "
         "be replaced. Fix: write maxSurge: \"1\", or maxUnavailable: \"1\"."),
        ({"disruption": {"maxUnavailable": "0"}}, "disruption.maxUnavailable: '0' lets no pod be evicted: every drain "
         "of a node would hang. Fix: write \"1\" at least."),
        ({"scratch": [{"path": "/a"}, {"path": "/a"}]},
         "scratch[1].path: '/a' is where scratch is mounted. Fix: choose "
         "another folder."),
        ({"secrets": [{"name": "a"}]}, "secrets[0]: 'a' does not say where it is from. Fix: write one of config (a key "
         "of the stack's secret configuration), generate (a number of characters) and existing (the name of a "
         "Secret)."),
        ({"secrets": [{"name": "a", "generate": 16, "existing": "b"}]},
         "secrets[0]: 'a' has generate and existing: one "
         "too many. Fix: write one of config (a key of the stack's secret configuration), generate (a number of "
         "characters) and existing (the name of a Secret)."),
        ({"env": {"A": "1"}, "secrets": [{"name": "a", "generate": 16, "env": "A"}]}, "secrets[0].env: 'A' is an "
         "environment variable already. Fix: rename or remove one."),
        ({"env": {"DB_PASSWORD": "hunter2", "PASSWORD_FILE": "/etc/secrets/db", "TOKEN": ""}},
         "env.DB_PASSWORD: is a secret by its name, and variables stand in the open. Fix: declare it under secrets, "
         "with env: DB_PASSWORD."),
        ({"env": {"CLIENT": "AKIAIOSFODNN7EXAMPLE"}}, "env.CLIENT: holds the ID of an AWS access key, and stands in "
         "the open. Fix: declare it under secrets."),
        ({"config": {"tls.pem": "-----BEGIN RSA PRIVATE KEY-----"}}, "config['tls.pem']: holds a private key, and "
         "stands in the open. Fix: declare it under secrets."),
        ({"env": {"1 A": "x"}},
         "env['1 A']: is not a name of an environment variable. Fix: use letters, digits and "
         "underscores, no digit in front."),
        ({"from": ["edeg"]}, "from[0]: 'edeg' is neither a workload of the environment nor edge or monitoring. Fix: "
         "write edge."),
        ({"ports": [], "from": ["edge"]}, "from: lets callers in, and there is no port. Fix: add ports, or remove "
         "from."),
        ({"to": ["databse"]}, "to[0]: 'databse' is neither a workload of the environment nor a backend in web. Fix: "
         "write one of web, or declare it under backends in the stack file."),
        ({"to": ["web.web"]}, "to[0]: 'web.web' is neither a workload of the environment nor a backend in web. Fix: "
         "write web: a workload is named without its namespace, or declare it under backends in the stack file."),
        ({"from": ["web.web.svc"]}, "from[0]: 'web.web.svc' is neither a workload of the environment nor edge or "
         "monitoring. Fix: write web: a workload is named without its namespace."),
        ({"expose": {"host": "go.example.com"}}, "expose: is for the edge router, which from does not let in. Fix: add "
         "edge to from."),
        ({"security": {"runAsUser": 0}}, "security.runAsUser: 0 is root, which namespace web refuses (podSecurity: "
         "restricted). Fix: write a number above 0, or choose a namespace with podSecurity: baseline."),
        ({"expose": {"host": "go.example.com", "path": "api"}}, "expose.path: 'api' is not a path of a URL. Fix: begin "
         "it with /, without spaces, as /healthz."),
        ({"expose": {"host": "go.example.com", "path": "/api/*"}}, "expose.path: '/api/*' has a wildcard, and a path "
         "covers all below it without one. Fix: write /api."),
        ({"expose": {"host": "go.example.com", "path": "/a//b"}}, "expose.path: '/a//b' has '//', which the router "
         "takes in no path. Fix: remove it."),
        ({"expose": {"host": "go.example.com", "path": "/a/.."}}, "expose.path: '/a/..' has '/..', which the router "
         "takes in no path. Fix: remove it."),
        ({"expose": {"host": "go.example.com", "path": "/a%2Fb"}}, "expose.path: '/a%2Fb' has '%2F', which the router "
         "takes in no path. Fix: remove it."),
        ({"expose": {"host": "go.example.com", "path": "/a?b=c"}}, "expose.path: '/a?b=c' has '?', which the router "
         "takes in no path. Fix: remove it."),
        ({"expose": {"host": "go.example.com", "path": "/" + 512 * "a"}}, f"expose.path: '/{75 * 'a'}... is longer "
         "than the 512 characters that the router takes. Fix: write a shorter one."),
        ({"labels": {"app.kubernetes.io/name": "x"}}, "labels['app.kubernetes.io/name']: 'x' is a label that Slipway "
         "sets itself: selectors rest on it. Fix: use another key, or an annotation for what nothing selects by."),
        ({"labels": {"pod-template-hash": "x"}}, "labels.pod-template-hash: 'x' is a label that Kubernetes keeps for "
         "itself: its controllers set it, or go by it. Fix: use a key of your own, as example.com/team."),
        ({"labels": {"batch.kubernetes.io/job-name": "x"}}, "labels['batch.kubernetes.io/job-name']: 'x' is a label "
         "that Kubernetes keeps for itself: its controllers set it, or go by it. Fix: use a key of your own, as "
         "example.com/team."),
        ({"annotations": {"deployment.kubernetes.io/revision": "3"}},
         "annotations['deployment.kubernetes.io/revision']: '3' is an annotation that others write: both would change "
         "it for ever. Fix: remove it."),
        ({"service": {"type": "loadBalancer", "loadBalancer": {"scheme": "internet-facing"}}},
         "service.loadBalancer.sourceRanges: is empty: the whole internet could connect. Fix: list the networks that "
         "may, [0.0.0.0/0] for all of them."),
        ({"sidecars": [{"type": "agent", "image": IMAGE, "folder": "/l", "files": ["a"]}]}, "sidecars[0].sendTo: is "
         "missing. Fix: name the workload or backend that takes the lines."),
    ],
)  # fmt: skip
def test_one_mistake_is_one_line(change: dict[str, Any], line: str) -> None:
    assert problems({"web": {**WEB, **change}}) == [f"apps/web.yaml: {line}"]


def test_all_mistakes_of_all_files_are_told_together_in_order() -> None:
    files = {
        "web": {"replicas": -1, "probes": {"common": {"port": "x"}}, "image": "Web"},
        "api": {"image": IMAGE, "ports": HTTP, "from": [], "stopWithinSeconds": 0},
    }
    found = problems(files)
    assert [each.split(": ")[:2] for each in found] == [
        ["apps/web.yaml", "image"],
        ["apps/web.yaml", "probes.common.port"],
        ["apps/web.yaml", "replicas"],
        ["apps/api.yaml", "stopWithinSeconds"],
    ]


def test_a_connection_that_the_other_end_does_not_let_in() -> None:
    files = {"web": {**WEB, "to": ["api"]}, "api": WEB}
    assert problems(files) == [
        "apps/web.yaml: to[0]: 'api' does not let web in: the from of apps/api.yaml does not name it. "
        "Fix: add web to from in apps/api.yaml."
    ]
    assert problems({**files, "api": {**WEB, "from": ["web"]}}) == []


def test_what_an_environment_overrides_is_told_at_its_place() -> None:
    use = {"name": "web", "namespace": "web", "overrides": {"replicas": -2, "resources": {"cpu": "1"}}}
    assert problems({"web": {**WEB, "resources": {"memory": "1g"}}}, uses=[use]) == [
        "apps/web.yaml: resources.memory: '1g' is not an amount of memory. Fix: write a whole number and Ki, Mi, Gi or "
        "Ti, as 1Gi.",
        "workloads[0].overrides.replicas: -2 is too small. Fix: write at least 0.",
    ]


def test_overrides_merge_mappings_replace_the_rest_and_take_back() -> None:
    overrides = {"resources": {"memory": "1Gi"}, "args": ["b"], "replicas": None}
    use = {"name": "web", "namespace": "data", "overrides": overrides}
    written = {**WEB, "replicas": 9, "args": ["a", "c"], "resources": {"cpu": "2", "memory": "2Gi"}}
    (found,) = environment({"web": written}, uses=[use]).declared_workloads
    assert (found.name, found.namespace, found.replicas, found.args) == ("web", "data", 2, ("b",))
    assert (found.resources.cpu, found.resources.memory) == ("2", "1Gi")


def test_a_file_that_is_not_there_or_not_a_mapping() -> None:
    use = {"name": "wbe", "namespace": "web"}
    assert problems({"web": WEB}, uses=[use]) == [
        "apps/wbe.yaml: the file does not exist. Fix: create it, or name one of web."
    ]
    assert problems({"web": {}}) == ["apps/web.yaml: image: is missing. Fix: add image, for example "
                                     f"'registry.example.com/web@sha256:{'0' * 64}'."]  # fmt: skip


@pytest.mark.parametrize(
    ("keywords", "line"),
    [
        ({"uses": [{"name": "web", "namespace": "wbe"}]},
         "workloads[0].namespace: 'wbe' is not a namespace of the environment. Fix: write one of web, data."),
        ({"uses": [{"name": "edge", "namespace": "web"}]},
         "workloads[0].name: 'edge' has a meaning of its own in from. Fix: rename the workload."),
        ({"backends": [{"name": "db", "type": "externalName"}]},
         "backends[0].host: is missing, and type externalName needs it. Fix: add host."),
        ({"backends": [{"name": "web", "type": "externalName", "host": "app.example.com"}]},
         "backends[0].name: 'web' is the name of workloads[0], in the same namespace. Fix: rename one."),
        ({"backends": [{"name": "db", "type": "clusterIP", "workload": "wb"}]},
         "backends[0].workload: 'wb' is not a workload of the environment. Fix: write web."),
        ({"backends": [{"name": "db", "type": "clusterIP", "workload": "web", "namespace": "data"}]},
         "backends[0].workload: 'web' runs in web, and a Service selects pods of its own namespace. Fix: write type: "
         "otherNamespace."),
        ({"backends": [{"name": "db", "type": "addresses", "addresses": ["127.0.0.1"]}]},
         "backends[0].addresses[0]: '127.0.0.1' is an address that Kubernetes refuses as an endpoint. Fix: write an "
         "address of the machine that answers."),
        ({"backends": [{"name": "db", "type": "externalName", "host": "app.example.com",
                        "ports": [{"name": "sql", "port": 1, "targetPort": 2}]}]},
         "backends[0].ports[0].targetPort: 2 differs from port, and type externalName is a DNS name alone, which "
         "changes no port. Fix: remove it and let callers use the number that is answered."),
    ],
)  # fmt: skip
def test_a_mistake_in_the_stack_file(keywords: dict[str, Any], line: str) -> None:
    whole = {"namespace": "web", "ports": [{"name": "sql", "port": 5432}]}
    backends = [{**whole, **each} for each in keywords.pop("backends", [])]
    assert problems({"web": WEB}, backends=backends, **keywords) == [line]


def test_samples_are_written_as_they_are_read() -> None:
    (found,) = environment({"web": {**WEB, "env": {"A": "0E0", "B": "012"}}}).declared_workloads
    assert found.env == {"A": "0E0", "B": "012"}


@settings(max_examples=150)
@given(written=workloads())
def test_any_valid_workload_can_be_planned(written: dict[str, Any]) -> None:
    (plan,) = plan_workloads(environment({"any": written}))
    names = [(each.kind, each.name) for each in plan.objects]
    assert len(set(names)) == len(names)
    assert names[-1][0] == written["kind"]
    assert {each.body["metadata"]["namespace"] for each in plan.objects} == {"web"}


def test_a_digest_may_stand_beside_a_tag() -> None:
    assert problems({"web": {**WEB, "image": f"host:5000/a/b:v1@{DIGEST}"}}) == []
    assert problems({"web": {**WEB, "image": "host:5000/a/b:v1"}}, pinned=False) == []


def test_the_report_names_the_stack_file() -> None:
    with pytest.raises(SpecError, match=r"^test: 1 problem in the environment's spec\n  1\. apps/web\.yaml: image: "):
        environment({"web": {}})
