"""What a team writes by habit or by mistake in its first file, and the line that it reads: path, value and way out."""

from __future__ import annotations

from typing import Any

import pytest

from infra.spec import SpecError
from tests.infra.samples import group_mapping, sample_spec
from tests.infra.workload_samples import DIGEST, IMAGE, declare_workloads, problems

HTTP = [{"name": "http", "port": 8080}]
WEB: dict[str, Any] = {"image": IMAGE, "ports": HTTP}
JOB: dict[str, Any] = {"image": IMAGE, "kind": "Job"}
CRON: dict[str, Any] = {"image": IMAGE, "kind": "CronJob"}
SET: dict[str, Any] = {"image": IMAGE, "kind": "StatefulSet"}
STREAM = {"type": "stream", "image": IMAGE, "folder": "/l", "sizeMi": 8}
TMP = "/tmp"  # noqa: S108  a folder inside the container
DATA = {"name": "data", "path": "/data", "sizeGi": 1}


def told(written: dict[str, Any]) -> list[str]:
    return [line.removeprefix("apps/web.yaml: ") for line in problems({"web": written})]


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("containers", "write image, command, args, env, ports and probes of the main container here, further ones as "
         "helpers, and sidecars for log files"),
        ("initContainers", "write helpers, with runs: before"),
        ("dependsOn", "write after, a list of workloads"),
        ("tag", "write image, whole: name:tag@sha256:<64 hex digits>"),
        ("port", "write ports, a list with name and port"),
        ("environment", "write env"),
        ("persistence", "write claims"),
        ("minReadySeconds", "write it as update.minReadySeconds"),
        ("backoffLimit", "write job.retries"),
        ("suspend", "write it as cron.suspend"),
        ("clusterRole", "remove it: a workload has no rights in the Kubernetes API; see docs/workloads.md, \"What a "
         "workload is not\""),
        ("volumeClaimTemplates", "write claims"),
        ("strategy", "write update"),
        ("updateStrategy", "write update"),
        ("terminationGracePeriodSeconds", "write stopWithinSeconds"),
        ("imagePullPolicy", "remove it: an image named by digest never changes"),
        ("imagePullSecrets", "remove it: machines pull from ECR by their own role"),
        ("serviceAccount", "remove it: each workload has a ServiceAccount of its own, and aws gives it a role"),
        ("envFrom", "write env for variables, config for files, secrets for what nobody may read"),
        ("emptyDir", "write scratch"),
        ("minReplicas", "write autoscaling, with minReplicas and maxReplicas in it"),
        ("domain", "write expose, with a host that edge.firewall opens"),
        ("tls", "remove it: TLS ends at the edge, whose certificate is edge.tls"),
        ("user", "write it as security.runAsUser"),
        ("restart", "remove it: what serves is always restarted, and a Job by job.retries"),
        ("cpu", "move it into resources"),
        ("gpu", "write it as resources.devices, as {nvidia.com/gpu: 1}"),
        ("shm_size", "write scratch, as {path: /dev/shm, medium: memory, sizeMi: 256}"),
        ("workingDir", "remove it, and name files by their whole paths: the image says where it starts"),
        ("priorityClassName", "remove it: all workloads have the same priority"),
        ("build", "write image: it is built and pushed before, by your pipeline"),
        ("preStop", "remove it: a pod behind a Service keeps answering for 5 s before it is told to stop, and "
         "stopWithinSeconds says how long it then has"),
        ("hpa", "write autoscaling, with minReplicas and maxReplicas in it"),
        ("services", "describe the workload in the words of docs/workload-options.md: this is no Compose file"),
    ],
)  # fmt: skip
def test_a_word_of_kubernetes_is_answered_by_ours(key: str, fix: str) -> None:
    assert told({**WEB, key: {}}) == [f"{key}: is not a known key. Fix: {fix}."]


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ({"probes": {"readiness": {"httpGet": {"path": "/x", "port": 80}}}},
         "probes.readiness.httpGet: is not a known key. Fix: write type: http, and port and path beside it."),
        ({"probes": {"readiness": {"initialDelaySeconds": 5}}},
         "probes.readiness.initialDelaySeconds: is not a known key. Fix: remove it: probes.startup holds the others "
         "back until it has succeeded once, for as long as its failureThreshold allows."),
        ({"probes": {"liveness": {"scheme": "HTTPS"}}},
         "probes.liveness.scheme: is not a known key. Fix: write type: https."),
        ({"helpers": [{"name": "proxy", "image": IMAGE, "ports": []}]},
         "helpers[0].ports: is not a known key. Fix: write them under ports of the workload: all containers of a pod "
         "have one address."),
        ({"helpers": [{"name": "proxy", "image": IMAGE, "probes": {}}]},
         "helpers[0].probes: is not a known key. Fix: remove it: probes are of the main container; a helper that ends "
         "is started again."),
        ({"sidecars": [{**STREAM, "files": ["a"], "args": []}]},
         "sidecars[0].args: is not a known key. Fix: remove it: sidecars take care of log files; a container of your "
         "own stands under helpers."),
        ({"probes": {"liveness": {"successThreshold": 1}}},
         "probes.liveness.successThreshold: is not a known key. Fix: remove it: one good answer is enough."),
        ({"resources": {"limits": {"memory": "1Gi"}}},
         "resources.limits: is not a known key. Fix: remove it: memory is request and limit at once, and cpuLimit the "
         "limit of CPU."),
        ({"resources": {"requests": {"cpu": "1"}}},
         "resources.requests: is not a known key. Fix: write cpu and memory here, one level up."),
        ({"resources": {"memoryLimit": "1Gi"}},
         "resources.memoryLimit: is not a known key. Fix: remove it: memory is request and limit at once."),
        ({"disruption": {"minAvailable": "1"}},
         "disruption.minAvailable: is not a known key. Fix: write maxUnavailable: how many may be gone at once."),
        ({"ports": [{"name": "http", "port": 8080, "targetPort": 80}]},
         "ports[0].targetPort: is not a known key. Fix: write port for what the container listens on, servicePort for "
         "the Service's number."),
        ({"service": {"port": 80}},
         "service.port: is not a known key. Fix: write servicePort at the port under ports."),
        ({"from": ["edge"], "expose": {"host": "app.example.com", "port": 8080}},
         "expose.port: is not a known key. Fix: remove it: the edge reaches the first TCP port under ports."),
        ({"secrets": [{"name": "a", "existing": "b", "key": "c"}]},
         "secrets[0].key: is not a known key. Fix: write name: it is the key in the Secret and the file's name."),
        ({"secrets": [{"name": "a", "generate": 32, "value": "hunter2"}]},
         "secrets[0].value: is not a known key. Fix: remove it, and the value from the file: config, generate or "
         "existing says where it is from."),
        ({"security": {"privileged": True}},
         "security.privileged: is not a known key. Fix: remove it: no workload has its node's rights."),
        ({"security": {"allowPrivilegeEscalation": False}},
         "security.allowPrivilegeEscalation: is not a known key. Fix: remove it: so it is for every workload."),
        ({"scratch": [{"path": "/a", "size": "64Mi"}]},
         "scratch[0].size: is not a known key. Fix: write sizeMi."),
    ],
)  # fmt: skip
def test_a_word_of_kubernetes_further_in_is_answered_too(written: dict[str, Any], line: str) -> None:
    assert told({**WEB, **written}) == [line]


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ({"cron": {"concurrencyPolicy": "Forbid"}}, "cron.concurrencyPolicy: is not a known key. Fix: write "
         "concurrency."),
        ({"cron": {"startingDeadlineSeconds": 60}}, "cron.startingDeadlineSeconds: is not a known key. Fix: write "
         "startWithin."),
        ({"cron": {"successfulJobsHistoryLimit": 1}}, "cron.successfulJobsHistoryLimit: is not a known key. Fix: write "
         "keepSuccessful."),
        ({"job": {"backoffLimit": 1}}, "job.backoffLimit: is not a known key. Fix: write retries."),
        ({"job": {"activeDeadlineSeconds": 60}}, "job.activeDeadlineSeconds: is not a known key. Fix: write deadline."),
        ({"job": {"ttlSecondsAfterFinished": 60}}, "job.ttlSecondsAfterFinished: is not a known key. Fix: write "
         "keepFor."),
        ({"job": {"deadline": 3600}}, "job.deadline: 3600 has no unit. Fix: write a whole number and a unit (s, m, h "
         "or d), as 3600s."),
        ({"cron": {"timeZone": "UTC+1"}}, "cron.timeZone: 'UTC+1' is not the name of a time zone. Fix: write it as in "
         "the IANA database, as Europe/Berlin."),
        ({"cron": {"timeZone": "Europe/Berlim"}}, "cron.timeZone: 'Europe/Berlim' is not the name of a time zone. Fix: "
         "write it as in the IANA database, as Europe/Berlin."),
        ({"cron": {"timeZone": "Local"}}, "cron.timeZone: 'Local' is not the name of a time zone. Fix: write it as in "
         "the IANA database, as Europe/Berlin."),
        ({"schedule": "0 30 2 * * 1"}, "schedule: '0 30 2 * * 1' has 6 fields, and a schedule has 5. Fix: write "
         "minute, hour, day of month, month, day of week, as 30 2 * * *; there are no seconds and no years."),
        ({"schedule": "TZ=Europe/Berlin 30 2 * * *"}, "schedule: 'TZ=Europe/Berlin 30 2 * * *' has a time zone in it. "
         "Fix: write it as cron.timeZone."),
        ({"schedule": "0 0 * * 7"}, "schedule: '0 0 * * 7' has '7' as day of week, which goes from 0 (Sunday) to 6. "
         "Fix: write numbers, ranges and steps of it, as 1-5 or */2, or names, as MON-FRI."),
        ({"schedule": "30 25 * * *"}, "schedule: '30 25 * * *' has '25' as hour, which goes from 0 to 23. Fix: write "
         "numbers, ranges and steps of it, as 1-5 or */2."),
        ({"schedule": "0 0 31 2 *"}, "schedule: '0 0 31 2 *' names days that no month it names has, so it would never "
         "run. Fix: write another day of month."),
        ({"schedule": "@every 5m"}, "schedule: '@every 5m' counts from the last run, and not by the clock. Fix: "
         "write minute, hour, day of month, month, day of week, as */5 * * * *."),
    ],
)  # fmt: skip
def test_a_cron_job(written: dict[str, Any], line: str) -> None:
    assert told({**CRON, "schedule": "0 3 * * *", **written}) == [line]


@pytest.mark.parametrize(
    "schedule",
    ["30 2 * * MON-FRI", "0 0 1 jan,JUL ?", "@midnight", "@annually", "0 0 29 2 *", "0 0 31 2 1", "0 0 30,31 1-4 *"],
)
def test_schedules_that_kubernetes_reads(schedule: str) -> None:
    assert told({**CRON, "schedule": schedule}) == []


@pytest.mark.parametrize(
    ("image", "line"),
    [
        ("https://registry.example.com/web:1.2", "is a URL, and an image is named without https://. Fix: write "
         "registry.example.com/web:1.2."),
        ("registry.example.com/Team/Web:1.2", "has capital letters in its name. Fix: write "
         "registry.example.com/team/web:1.2."),
        ("${IMAGE}", "is a placeholder that nothing fills in. Fix: write the image here, and image under overrides "
         "of the stack file where an environment runs another."),
        ("{{ .Values.image }}", "is a placeholder that nothing fills in. Fix: write the image here, and image under "
         "overrides of the stack file where an environment runs another."),
        ("web:1.2 ", "has a space in it. Fix: write web:1.2."),
        ("web@sha256:abcd", "has a digest of 4 characters, and one has 64. Fix: copy it whole, as sha256:<64 hex "
         "digits>."),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_image_is_said(image: str, line: str) -> None:
    assert told({**WEB, "image": image}) == [f"image: {image!r} {line}"]


def test_a_digest_without_its_algorithm_or_behind_a_colon() -> None:
    digits = DIGEST.removeprefix("sha256:")
    for image in (f"web@{digits}", f"web:{DIGEST}"):
        (line,) = told({**WEB, "image": image})
        assert line.endswith(f" names its digest in another form. Fix: write web@{DIGEST}.")


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ({"resources": {"memory": 512}}, "resources.memory: 512 has no unit. Fix: write a whole number and Ki, Mi, Gi "
         "or Ti, as 512Mi."),
        ({"resources": {"memory": "512MB"}}, "resources.memory: '512MB' is not an amount of memory. Fix: write a whole "
         "number and Ki, Mi, Gi or Ti, as 512Mi."),
        ({"resources": {"memory": "1.5Gi"}}, "resources.memory: '1.5Gi' is not an amount of memory. Fix: write a whole "
         "number and Ki, Mi, Gi or Ti, as 1536Mi."),
        ({"resources": {"memory": "1Mi"}}, "resources.memory: '1Mi' is too little for any container to start. Fix: "
         "write 6Mi at least."),
        ({"resources": {"cpu": 1}}, "resources.cpu: 1 is not text. Fix: write it in quotes, so that YAML takes it for "
         "text."),
        ({"stopWithinSeconds": "30s"}, "stopWithinSeconds: '30s' is not a whole number. Fix: write 30: the key says "
         "the unit."),
        ({"env": {"PORT": 8080}}, "env.PORT: 8080 is not text. Fix: write it in quotes, so that YAML takes it for "
         "text."),
        ({"env": {"DEBUG": None}}, "env.DEBUG: null is not text. Fix: write text, \"\" for none."),
        ({"env": {"DEBUG": {"x": 1}}}, "env.DEBUG: {x} is not text. Fix: write text in place of the mapping."),
        ({"env": {"DEBUG": {"valueFrom": 1}}}, "env.DEBUG: {valueFrom} is not text but a reference. Fix: declare a "
         "Secret's key under secrets, with env, and what the pod knows of itself under envFromPod."),
        ({"envFromPod": {"A": "status.podIP"}}, "envFromPod.A: 'status.podIP' is Kubernetes' own path of it. Fix: "
         "write ip."),
        ({"image": {"repository": "team/web", "tag": "1.2"}}, "image: {repository, tag} is in parts. Fix: write it "
         "whole, as team/web:1.2@sha256:<64 hex digits>."),
        ({"command": "nginx -g 'daemon off;'"}, "command: \"nginx -g 'daemon off;'\" is not a list. Fix: write [nginx, "
         "-g, 'daemon off;']."),
        ({"to": "store, rates"}, "to: 'store, rates' is not a list. Fix: write [store, rates]."),
        ({"ports": {"http": 80}}, "ports: {http} is not a list. Fix: write a list, one item a line beginning with "
         "'- ', as - {name: http, port: 8080}."),
        ({"config": "./nginx.conf"}, "config: './nginx.conf' is not a mapping. Fix: write the text of each file under "
         "its name, as app.conf: |."),
        ({"kind": "Cronjob"}, "kind: 'Cronjob' is not one of the choices. Fix: write 'CronJob'."),
        ({"sidecars": [{"image": IMAGE, "folder": "/l", "files": ["a"]}]}, "sidecars[0].type: is missing. Fix: add "
         "type: stream or agent."),
        ({"tolerations": [{"key": "a", "operator": "Exists"}]}, "tolerations[0]: {key, operator} is a mapping. Fix: "
         "write it as text, as a:NoSchedule; without a value it is of any value."),
        ({"resources": {"devices": {"gpu": 1}}}, "resources.devices.gpu: is not a name of a device. Fix: write it as "
         "its plugin does, as nvidia.com/gpu."),
        ({"resources": {"nvidia.com/gpu": 1}}, "resources['nvidia.com/gpu']: is not a known key. Fix: write devices: "
         "{nvidia.com/gpu: 1}."),
        ({"args": [["a"]]}, "args[0]: ['a'] is not text. Fix: write text in place of the list."),
        ({"env": [{"name": "PORT", "value": "8080"}]}, "env: [{'name': 'PORT', 'value': '8080'}] is not a mapping. "
         "Fix: write keys and values in place of the list, one a line, as PORT: \"8080\"."),
        ({"env": {"DATABASE_URL": "postgres://web:hunter2@database/web"}}, "env.DATABASE_URL: holds a password in a "
         "URL, and stands in the open. Fix: declare it under secrets."),
        ({"secrets": [{"name": "a", "config": "slipway:key"}]}, "secrets[0].config: 'slipway:key' is written with the "
         "project's name. Fix: write key."),
        ({"secrets": [{"name": "a", "config": "1x"}]}, "secrets[0].config: '1x' is not a key of the stack's "
         "configuration here. Fix: begin with a letter, and use letters, digits, dots, underscores and hyphens."),
        ({"secrets": [{"name": "a", "generate": 32, "env": "my-key"}]}, "secrets[0].env: 'my-key' is not a name of an "
         "environment variable. Fix: use letters, digits and underscores, no digit in front."),
        ({"from": ["edge"], "expose": {"host": "https://a.example.com/x"}}, "expose.host: 'https://a.example.com/x' is "
         "a URL. Fix: write the name alone: a.example.com."),
        ({"ports": [8080], "from": ["edge"]}, "ports[0]: 8080 is not a mapping. Fix: write a mapping of keys to "
         "values, with name and port, as {name: http, port: 8080}."),
        ({"from": ["edge", "edge"]}, "from[1]: 'edge' is listed twice. Fix: remove one."),
        ({"to": ["https://api.example.com"]}, "to[0]: 'https://api.example.com' is neither a workload of the "
         "environment nor a backend in web. Fix: declare a backend of type externalName for api.example.com in the "
         "stack file, and write its name here."),
        ({"to": ["0.0.0.0/0"]}, "to[0]: '0.0.0.0/0' is neither a workload of the environment nor a backend in web. "
         "Fix: declare a backend of type externalName in the stack file, which opens every public address, and write "
         "its name here."),
        ({"to": ["10.40.0.0/16"]}, "to[0]: '10.40.0.0/16' is neither a workload of the environment nor a backend in "
         "web. Fix: declare a backend of type externalName in the stack file, which has reachableIn: [10.40.0.0/16], "
         "and write its name here."),
        ({"to": ["10.40.1.7:5432"]}, "to[0]: '10.40.1.7:5432' is neither a workload of the environment nor a backend "
         "in web. Fix: declare a backend of type addresses for 10.40.1.7 in the stack file, and write its name here."),
        ({"scratch": [{"path": TMP, "sizeMi": 512}]}, "scratch[0].sizeMi: 512 cannot be filled: with the other "
         "folders it is 512 MiB, and a pod is evicted at 256Mi. Fix: write resources.ephemeralStorage: 768Mi, or "
         "smaller folders."),
        ({"scratch": [{"path": TMP, "sizeMi": 128, "medium": "memory"}]}, "scratch[0].sizeMi: 128 cannot be filled: it "
         "is memory, and resources.memory ends the container at 128Mi. Fix: write more memory, or a smaller folder."),
        ({"scratch": [{"path": "/proc/x"}]}, "scratch[0].path: '/proc/x' is the kernel's own. Fix: choose another "
         "folder, as /var/lib/store."),
        ({"scratch": [{"path": "/etc"}]}, "scratch[0].path: '/etc' would hide the image's own files. Fix: choose "
         "another folder, as /var/lib/store."),
        ({"sidecars": [{**STREAM, "files": ["*.log"]}]},
         "sidecars[0].files[0]: '*.log' is a pattern. Fix: name each file."),
        ({"sidecars": [{**STREAM, "files": ["a"]}, {**STREAM, "files": ["b"]}]},
         "sidecars[1].folder: '/l' is the folder of sidecars[0]. Fix: list the files of both there."),
        ({"nodeSelector": {"pool": "gpu"}}, "nodeSelector.pool: 'gpu' is a label of no instance group. Fix: write "
         "pool: gpu into nodeLabels of a group, or remove it."),
    ],
)  # fmt: skip
def test_one_mistake_is_one_line(written: dict[str, Any], line: str) -> None:
    assert told({**WEB, **written}) == [line]


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ({"claims": [{**DATA, "sizeGi": "10Gi"}]},
         "claims[0].sizeGi: '10Gi' is not a whole number. Fix: write 10: the key says the unit."),
        ({"claims": [{**DATA, "path": TMP}]}, "claims[0].path: '/tmp' is where scratch is mounted, by default. Fix: "
         "choose another folder, or write scratch: []."),
        ({"retainClaims": False}, "retainClaims: false is of claims, and there are none. Fix: remove it, or add "
         "claims."),
    ],
)  # fmt: skip
def test_claims(written: dict[str, Any], line: str) -> None:
    assert told({**SET, **written}) == [line]


MEMBERS = [{"name": "peers", "port": 7000, "membersOnly": True}]


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ({"kind": "Deployment"}, "ports[0].membersOnly: true is for the members of a StatefulSet, and this is a "
         "Deployment. Fix: remove it."),
        ({"from": ["edge"]}, "from: lets callers in, and its ports are for members only. Fix: add a port that callers "
         "may reach, or remove from."),
        ({"service": {"type": "nodePort"}}, "service.type: 'nodePort' needs ports that callers may reach. Fix: add "
         "ports."),
    ],
)  # fmt: skip
def test_ports_of_members(written: dict[str, Any], line: str) -> None:
    assert told({**SET, "ports": MEMBERS, "probes": {"common": {"type": "tcp"}}}) == []
    assert told({**SET, "ports": MEMBERS, **written}) == [line]


def test_a_caller_of_what_has_ports_for_members_alone() -> None:
    found = problems({"web": {**WEB, "to": ["store"]}, "store": {**SET, "ports": MEMBERS}})
    assert found == [
        "apps/web.yaml: to[0]: 'store' has no ports that others may reach, so nothing answers there. Fix: remove it, "
        "or add ports, and web to from, in apps/store.yaml."
    ]


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ({"from": ["edge"]}, "from: is for what serves, and a Job ends. Fix: remove it, or choose another kind."),
        ({"expose": {"host": "a1.example.com"}}, "expose: is for what serves, and a Job ends. Fix: remove it, or "
         "choose another kind."),
        ({"service": {"type": "nodePort"}}, "service: is for what serves, and a Job ends. Fix: remove it, or choose "
         "another kind."),
        ({"spread": {"zones": "required"}}, "spread: is for a Deployment or StatefulSet, and does nothing for a Job. "
         "Fix: remove it."),
    ],
)  # fmt: skip
def test_a_job_serves_nobody_and_is_told_so_once(written: dict[str, Any], line: str) -> None:
    assert told({**JOB, **written}) == [line]


@pytest.mark.parametrize(
    "value",
    [
        "postgres://web:${PASSWORD}@database/web", "amqp://queue:5672/shop@eu", "http://proxy:3128", "a:b@c",
        "jdbc:mysql://a:3306,b:3306/web?user=x@y", "http://a:80\nmail: x@example.com", "https://web@example.com/",
    ],
)  # fmt: skip
def test_urls_without_a_password_in_them(value: str) -> None:
    assert told({**WEB, "env": {"URL": value}, "config": {"a.yaml": value}}) == []


def test_names_with_dots_that_kubernetes_allows() -> None:
    assert told({**WEB, "secrets": [{"name": "a", "existing": "web.tls"}]}) == []
    assert told({**SET, "claims": [{**DATA, "storageClass": "gp3.encrypted"}]}) == []
    assert told({**WEB, "secrets": [{"name": "a", "existing": "Web_TLS"}]}) == [
        "secrets[0].existing: 'Web_TLS' is not a name of an object. Fix: use lower-case letters, digits, hyphens and "
        "dots, beginning and ending with a letter or digit."
    ]


def test_a_caller_of_what_has_no_ports() -> None:
    assert problems({"web": {**WEB, "to": ["worker"]}, "worker": {"image": IMAGE}}) == [
        "apps/web.yaml: to[0]: 'worker' has no ports that others may reach, so nothing answers there. Fix: remove it, "
        "or add ports, and web to from, in apps/worker.yaml."
    ]


def test_a_backend_is_of_its_namespace_alone() -> None:
    db = {"name": "db", "namespace": "data", "type": "externalName", "host": "db.example.com",
          "ports": [{"name": "sql", "port": 5432}]}  # fmt: skip
    assert problems({"web": {**WEB, "to": ["db"]}}, backends=[db]) == [
        "apps/web.yaml: to[0]: 'db' is neither a workload of the environment nor a backend in web. Fix: declare one "
        "for namespace web, too: backends[0] is for data."
    ]


def test_a_node_port_is_one_for_the_cluster() -> None:
    service = {"type": "nodePort", "nodePort": 30080}
    db = {"name": "db", "namespace": "web", "type": "nodePort", "workload": "web", "nodePort": 30080,
          "ports": [{"name": "http", "port": 8080}]}  # fmt: skip
    assert problems({"web": {**WEB, "service": service}, "api": {**WEB, "service": service}}, backends=[db]) == [
        "apps/api.yaml: service.nodePort: 30080 is the node port of web already. Fix: choose another, or leave it to "
        "Kubernetes.",
        "backends[0].nodePort: 30080 is the node port of web already. Fix: choose another, or leave it to Kubernetes.",
    ]  # fmt: skip


def test_what_belongs_into_the_overrides() -> None:
    use = {"name": "web", "namespace": "web", "replicas": 3}
    with pytest.raises(SpecError) as found:
        sample_spec(cluster={"namespaces": [{"name": "web"}]}, workloads=[use])
    assert [str(each) for each in found.value.problems] == [
        "workloads[0].replicas: is not a known key. Fix: move it into overrides, or into apps/<name>.yaml."
    ]


def test_labels_of_groups_and_of_kubernetes_select_nodes() -> None:
    groups = [
        group_mapping("control-plane-a", role="ControlPlane", zones=["eu-central-1a"], minSize=1, maxSize=1),
        group_mapping("nodes", nodeLabels={"example.com/pool": "batch"}),
        group_mapping("edge", role="Edge", nodeLabels={"example.com/tier": "outer"}),
    ]
    good = {"example.com/pool": "batch", "topology.kubernetes.io/zone": "eu-central-1a"}
    assert problems({"web": {**WEB, "nodeSelector": good}}, groups=groups) == []
    # A DaemonSet that tolerates the edge's taint runs there, too.
    assert problems({"web": {**WEB, "nodeSelector": {"example.com/tier": "outer"}}}, groups=groups) == []
    (line,) = problems({"web": {**WEB, "nodeSelector": {"not-kubernetes.io/zone": "a"}}}, groups=groups)
    assert "nodeSelector['not-kubernetes.io/zone']: 'a' is a label of no instance group" in line
    (line,) = problems({"web": {**WEB, "nodeSelector": {"example.com/pool": "web"}}}, groups=groups)
    assert line.startswith("apps/web.yaml: nodeSelector['example.com/pool']: 'web' is a label of no instance group")


def test_a_label_of_a_group_that_is_retired_is_told_as_that() -> None:
    groups = [
        group_mapping("control-plane-a", role="ControlPlane", zones=["eu-central-1a"], minSize=1, maxSize=1),
        group_mapping("nodes"),
        group_mapping("batch", nodeLabels={"example.com/pool": "batch"}, retire=True),
        group_mapping("edge", role="Edge"),
    ]
    (line,) = problems({"web": {**WEB, "nodeSelector": {"example.com/pool": "batch"}}}, groups=groups)
    assert line == (
        "apps/web.yaml: nodeSelector['example.com/pool']: 'batch' is a label of batch alone, which is retired. Fix: "
        "write example.com/pool: batch into nodeLabels of another group and roll that first, or remove it."
    )


def test_a_star_that_yaml_takes_for_an_alias(tmp_path: Any) -> None:
    (tmp_path / "web.yaml").write_text("image: a:1\nschedule: * * * * *\n", encoding="utf-8")
    spec = sample_spec(
        cluster={"namespaces": [{"name": "web"}]}, workloads=[{"name": "web", "namespace": "web"}], pinnedImages=False
    )
    with pytest.raises(SpecError, match=r"\(line 2, column 12\); text that begins with \* goes in quotes"):
        declare_workloads(spec, tmp_path)


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ({"externalName": "db.example.com"}, "externalName: is not a known key. Fix: write host, or addresses, and the "
         "type that goes with it."),
        ({"selector": {"app": "web"}}, "selector: is not a known key. Fix: write workload: its pods answer."),
        ({"host": "10.0.0.5"}, "host: '10.0.0.5' is an address, and no name. Fix: write type: addresses, and "
         "addresses: [10.0.0.5]."),
        ({"ports": [5432]}, "ports[0]: 5432 is not a mapping. Fix: write a mapping of keys to values, with name and "
         "port, as {name: postgres, port: 5432}."),
    ],
)  # fmt: skip
def test_a_backend(written: dict[str, Any], line: str) -> None:
    backend = {"name": "db", "namespace": "web", "type": "externalName", "host": "db.example.com",
               "ports": [{"name": "postgres", "port": 5432}], **written}  # fmt: skip
    with pytest.raises(SpecError) as refused:
        sample_spec(cluster={"namespaces": [{"name": "web"}]}, backends=[backend])
    assert [str(each) for each in refused.value.problems] == [f"backends[0].{line}"]


@pytest.mark.parametrize(
    ("written", "line"),
    [
        ({"workload": []}, "workload: is not a known key. Fix: write workloads."),
        (
            {"workloads": [{"name": "apps/web.yaml", "namespace": "web"}]},
            "workloads[0].name: 'apps/web.yaml' is the name of a file. Fix: write web.",
        ),
    ],
)
def test_the_entry_in_the_stack_file(written: dict[str, Any], line: str) -> None:
    with pytest.raises(SpecError) as refused:
        sample_spec(cluster={"namespaces": [{"name": "web"}]}, **written)
    assert [str(each) for each in refused.value.problems] == [line]
