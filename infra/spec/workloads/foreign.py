"""Words that are written here by habit, from Kubernetes and from Compose, and what to do about each."""

from __future__ import annotations

_NO_MANIFEST = "describe the workload in the words of docs/workload-options.md: this is no Kubernetes manifest"
_NO_FOLDERS = (
    "remove it: a workload's folders are claims (kept), scratch (gone with the pod), config and secrets, and never one "
    "of its node"
)
_NO_HOST = "remove it: a workload has the network and processes of its pod, and never its node's"
_SCALING = "write autoscaling, with minReplicas and maxReplicas in it"
_OWN_ACCOUNT = "remove it: each workload has a ServiceAccount of its own, and aws gives it a role"

OF_WORKLOAD = {
    **dict.fromkeys(("apiVersion", "metadata", "spec", "template", "selector"), _NO_MANIFEST),
    "services": "describe the workload in the words of docs/workload-options.md: this is no Compose file",
    **dict.fromkeys(("hostPath", "volumes", "volumeMounts"), _NO_FOLDERS),
    **dict.fromkeys(("hostNetwork", "hostPID", "hostIPC", "hostPort"), _NO_HOST),
    **{f"{probe}Probe": f"write it as probes.{probe}" for probe in ("readiness", "liveness", "startup")},
    **dict.fromkeys(("hpa", "horizontalPodAutoscaler", "minReplicas", "maxReplicas"), _SCALING),
    **dict.fromkeys(("serviceAccount", "serviceAccountName"), _OWN_ACCOUNT),
    **dict.fromkeys(("strategy", "updateStrategy"), "write update"),
    **dict.fromkeys(("volumeClaimTemplates", "persistentVolumeClaim", "persistentVolumeClaims"), "write claims"),
    "containers": "write image, command, args, env, ports and probes of the one container here, and sidecars for log "
    "files",
    "initContainers": "remove it: do such work at the start of the program, or in a workload of kind: Job",
    "emptyDir": "write scratch",
    "envFrom": "write env for variables, config for files, secrets for what nobody may read",
    "imagePullPolicy": "remove it: an image named by digest never changes",
    "imagePullSecrets": "remove it: machines pull from ECR by their own role",
    "terminationGracePeriodSeconds": "write stopWithinSeconds",
    "securityContext": "write security",
    "podDisruptionBudget": "write disruption",
    "affinity": "write spread, or nodeSelector",
    "topologySpreadConstraints": "write spread",
    "ingress": "write expose, with a host that edge.firewall opens",
}
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
    "successThreshold": "remove it: one good answer is enough",
    "terminationGracePeriodSeconds": "remove it, and write stopWithinSeconds of the workload",
}
OF_RESOURCES = {
    "requests": "write cpu and memory here, one level up",
    "limits": "remove it: memory is request and limit at once, and cpuLimit the limit of CPU",
    "memoryLimit": "remove it: memory is request and limit at once",
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
OF_SERVICE = dict.fromkeys(("port", "ports", "targetPort"), "write servicePort at the port under ports")
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
