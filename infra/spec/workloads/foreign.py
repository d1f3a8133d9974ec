"""Words that are written here by habit, from Kubernetes and from Compose, and what to do about each."""

from __future__ import annotations

_NO_MANIFEST = "describe the workload in the words of docs/workload-options.md: this is no Kubernetes manifest"
_NO_FOLDERS = (
    "remove it: a workload's folders are claims (kept), scratch (gone with the pod), config and secrets, and never one "
    'of its node (agents of nodes: docs/workloads.md, "What a workload is not")'
)
_NO_HOST = "remove it: a workload has the network and processes of its pod, and never its node's"
_SCALING = "write autoscaling, with minReplicas and maxReplicas in it"
_OWN_ACCOUNT = "remove it: each workload has a ServiceAccount of its own, and aws gives it a role"

_NO_ACCESS = (
    'remove it: a workload has no rights in the Kubernetes API; see docs/workloads.md, "What a workload is not"'
)
_OF_UPDATE = ("minReadySeconds", "progressDeadlineSeconds", "partition", "maxSurge")

OF_WORKLOAD = {
    **dict.fromkeys(("apiVersion", "metadata", "spec", "template", "selector", "matchLabels"), _NO_MANIFEST),
    "services": "describe the workload in the words of docs/workload-options.md: this is no Compose file",
    **dict.fromkeys(("hostPath", "volumes", "volumeMounts"), _NO_FOLDERS),
    **dict.fromkeys(("hostNetwork", "hostPID", "hostIPC", "hostPort"), _NO_HOST),
    **{f"{probe}Probe": f"write it as probes.{probe}" for probe in ("readiness", "liveness", "startup")},
    **dict.fromkeys(("healthcheck", "healthCheck"), "write probes"),
    **dict.fromkeys(("hpa", "horizontalPodAutoscaler", "minReplicas", "maxReplicas"), _SCALING),
    **dict.fromkeys(("serviceAccount", "serviceAccountName"), _OWN_ACCOUNT),
    **dict.fromkeys(("rbac", "role", "clusterRole", "automountServiceAccountToken"), _NO_ACCESS),
    **dict.fromkeys(("strategy", "updateStrategy"), "write update"),
    **{key: f"write it as update.{key}" for key in _OF_UPDATE},
    **dict.fromkeys(
        ("volumeClaimTemplates", "persistentVolumeClaim", "persistentVolumeClaims", "persistence"), "write claims"
    ),
    "podManagementPolicy": "write podManagement: ordered, or parallel",
    "containers": "write image, command, args, env, ports and probes of the main container here, further ones as "
    "helpers, and sidecars for log files",
    "initContainers": "write helpers, with runs: before",
    **dict.fromkeys(("extraContainers", "sidecarContainers"), "write helpers"),
    **dict.fromkeys(("dependsOn", "depends_on"), "write after, a list of workloads"),
    **dict.fromkeys(("repository", "tag"), "write image, whole: name:tag@sha256:<64 hex digits>"),
    **dict.fromkeys(("containerPort", "port"), "write ports, a list with name and port"),
    **dict.fromkeys(("environment", "extraEnv", "envVars"), "write env"),
    "entrypoint": "write command",
    **dict.fromkeys(("emptyDir", "tmpfs"), "write scratch"),
    **dict.fromkeys(("configMap", "configMaps", "configs"), "write config"),
    "envFrom": "write env for variables, config for files, secrets for what nobody may read",
    "imagePullPolicy": "remove it: an image named by digest never changes",
    "imagePullSecrets": "remove it: machines pull from ECR by their own role",
    "terminationGracePeriodSeconds": "write stopWithinSeconds",
    **dict.fromkeys(
        ("lifecycle", "preStop"),
        "remove it: a pod behind a Service keeps answering for 5 s before it is told to stop, and stopWithinSeconds "
        "says how long it then has",
    ),
    **dict.fromkeys(
        ("restartPolicy", "restart"), "remove it: what serves is always restarted, and a Job by job.retries"
    ),
    **dict.fromkeys(("securityContext", "podSecurityContext"), "write security"),
    **dict.fromkeys(("runAsUser", "user"), "write it as security.runAsUser"),
    "podDisruptionBudget": "write disruption",
    "affinity": "write spread, or nodeSelector",
    "topologySpreadConstraints": "write spread",
    "networkPolicy": "write from and to",
    **dict.fromkeys(
        ("ingress", "host", "hosts", "hostname", "domain", "domains", "route", "url"),
        "write expose, with a host that edge.firewall opens",
    ),
    **dict.fromkeys(("tls", "certificate"), "remove it: TLS ends at the edge, whose certificate is edge.tls"),
    **dict.fromkeys(("gpu", "gpus", "devices"), "write it as resources.devices, as {nvidia.com/gpu: 1}"),
    "mem_limit": "write it as resources.memory",
    "cpus": "write it as resources.cpu",
    **dict.fromkeys(("shmSize", "shm_size"), "write scratch, as {path: /dev/shm, medium: memory, sizeMi: 256}"),
    **dict.fromkeys(
        ("workingDir", "working_dir", "workdir"),
        "remove it, and name files by their whole paths: the image says where it starts",
    ),
    **dict.fromkeys(("priorityClassName", "priority"), "remove it: all workloads have the same priority"),
    "build": "write image: it is built and pushed before, by your pipeline",
    "podAnnotations": "write annotations",
    "podLabels": "write labels",
    **{key: f"write it as job.{key}" for key in ("parallelism", "completions")},
    **{key: f"write it as cron.{key}" for key in ("timeZone", "suspend")},
    "backoffLimit": "write job.retries",
    "activeDeadlineSeconds": "write job.deadline",
    "ttlSecondsAfterFinished": "write job.keepFor",
    "concurrencyPolicy": "write cron.concurrency",
    "startingDeadlineSeconds": "write cron.startWithin",
}
OF_HELPER = {
    "ports": "write them under ports of the workload: all containers of a pod have one address",
    "restartPolicy": "write runs: before, or runs: beside",
    **dict.fromkeys(("volumeMounts", "volumes"), "remove it: a helper has the folders of the main container"),
    **dict.fromkeys(
        ("probes", "readinessProbe", "livenessProbe", "startupProbe", "healthcheck"),
        "remove it: probes are of the main container; a helper that ends is started again",
    ),
    "secrets": "remove it: a helper has the secrets of the workload, as files and variables",
    **dict.fromkeys(("securityContext", "security"), "write runAsUser, or security of the workload"),
}
OF_SIDECAR = dict.fromkeys(
    ("name", "command", "args", "env", "ports", "resources"),
    "remove it: sidecars take care of log files; a container of your own stands under helpers",
)
OF_AUTOSCALING = {
    "enabled": "remove it: autoscaling is on where it is written; write autoscaling: null under overrides to have none",
    **dict.fromkeys(
        ("targetCPUUtilizationPercentage", "targetCPU", "averageUtilization", "cpu"), "write cpuPercent, a number"
    ),
    **dict.fromkeys(("targetMemoryUtilizationPercentage", "targetMemory", "memory"), "write memoryPercent, a number"),
    **dict.fromkeys(
        ("metrics", "customMetrics"), "write cpuPercent or memoryPercent: nothing else is measured for autoscalers"
    ),
    **dict.fromkeys(("behavior", "stabilizationWindowSeconds"), "write scaleDownAfter"),
    **dict.fromkeys(("min", "minPods"), "write minReplicas"),
    **dict.fromkeys(("max", "maxPods"), "write maxReplicas"),
}
OF_PORT = {
    "containerPort": "write port",
    "targetPort": "write port for what the container listens on, servicePort for the Service's number",
    "hostPort": _NO_HOST,
}
_HANDLERS = {"httpGet": "http", "tcpSocket": "tcp", "grpc": "grpc", "exec": "exec"}
OF_PROBE = {
    **{
        handler: f"write type: {kind}, and {'command' if kind == 'exec' else 'port and path'} beside it"
        for handler, kind in _HANDLERS.items()
    },
    "initialDelaySeconds": "remove it: probes.startup holds the others back until it has succeeded once, for as long "
    "as its failureThreshold allows",
    "scheme": "write type: https",
    "httpHeaders": "write headers, a mapping of names to values",
    "successThreshold": "remove it: one good answer is enough",
    "terminationGracePeriodSeconds": "remove it, and write stopWithinSeconds of the workload",
}
OF_RESOURCES = {
    "requests": "write cpu and memory here, one level up",
    "limits": "remove it: memory is request and limit at once, and cpuLimit the limit of CPU",
    "memoryLimit": "remove it: memory is request and limit at once",
    **dict.fromkeys(("gpu", "gpus", "nvidia.com/gpu"), "write devices: {nvidia.com/gpu: 1}"),
}
OF_UPDATE = {"type": "remove it: a Deployment rolls, and one with claims is recreated", "rollingUpdate": _NO_MANIFEST}
OF_DISRUPTION = {"minAvailable": "write maxUnavailable: how many may be gone at once"}
OF_SECURITY = {
    **dict.fromkeys(("privileged", "procMount"), "remove it: no workload has its node's rights"),
    **dict.fromkeys(
        ("allowPrivilegeEscalation", "runAsNonRoot", "seccompProfile"), "remove it: so it is for every workload"
    ),
    "fsGroup": "write runAsGroup: it is the group of mounted volumes, too",
}
OF_SERVICE = {
    **dict.fromkeys(("port", "ports", "targetPort"), "write servicePort at the port under ports"),
    "annotations": "remove it: what Slipway sets of them follows from type and loadBalancer",
    "sessionAffinityConfig": "remove it: an address keeps its pod for three hours",
}
OF_BACKEND = {
    **dict.fromkeys(
        ("externalName", "hostname", "url", "address"), "write host, or addresses, and the type that goes with it"
    ),
    **dict.fromkeys(("ip", "ips", "endpoints", "subsets"), "write addresses, and type: addresses"),
    "selector": "write workload: its pods answer",
    "port": "write ports, a list with name and port",
    **dict.fromkeys(("cidr", "cidrs", "networks"), "write reachableIn"),
}
OF_EXPOSE = {
    **dict.fromkeys(("hosts", "hostnames", "aliases"), "write one name as host, and the others as furtherHosts"),
    **dict.fromkeys(("port", "servicePort"), "remove it: the edge reaches the first TCP port under ports"),
    "tls": "remove it: the edge ends TLS for every host, by edge.tls of the stack file",
}
OF_SECRET = {
    "key": "write name: it is the key in the Secret and the file's name",
    "value": "remove it, and the value from the file: config, generate or existing says where it is from",
    "valueFrom": "write existing, and name for its key",
    "secretName": "write existing",
}
OF_CLAIM = {
    **dict.fromkeys(("size", "storage"), "write sizeGi, a number of GiB"),
    "storageClassName": "write storageClass",
    "accessModes": "write access, one of them",
    "mountPath": "write path",
    **dict.fromkeys(("existingClaim", "claimName"), "remove it: a workload makes the claims that it has"),
}
OF_SCRATCH = {"size": "write sizeMi", "sizeLimit": "write sizeMi", "mountPath": "write path"}
OF_JOB = {
    "backoffLimit": "write retries",
    "activeDeadlineSeconds": "write deadline",
    "ttlSecondsAfterFinished": "write keepFor",
}
OF_CRON = {
    "concurrencyPolicy": "write concurrency",
    "startingDeadlineSeconds": "write startWithin",
    "successfulJobsHistoryLimit": "write keepSuccessful",
    "failedJobsHistoryLimit": "write keepFailed",
    "schedule": "write schedule of the workload, one level up",
}
OF_STATEMENT = {
    "Effect": "remove it: all that is listed is allowed, and nothing else",
    "Action": "write actions",
    "Resource": "write resources",
}
