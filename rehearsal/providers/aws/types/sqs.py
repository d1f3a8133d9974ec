"""SQS: queues and their policies. The id of a queue is its URL."""

from __future__ import annotations

from typing import Any

from rehearsal.providers.aws.kind import Kind, Props, change_tags
from rehearsal.providers.aws.session import Aws

_GONE = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})

_ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
_NUMBERS = frozenset(name for name in _ATTRIBUTES if name.endswith(("Seconds", "Size")))
_FLAGS = frozenset({"contentBasedDeduplication", "fifoQueue", "sqsManagedSseEnabled"})


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _attributes(inputs: Props, names: set[str]) -> dict[str, str]:
    """Return the attributes of ``names``; SQS drops a policy that is set to the empty string."""
    return {_ATTRIBUTES[name]: _text(inputs.get(name, "")) for name in sorted(names)}


class Queue(Kind):
    """aws_sqs_queue."""

    token = "aws:sqs/queue:Queue"
    service = "sqs"
    gone = _GONE
    name_property = "name"
    force_new = frozenset({"name", "namePrefix", "fifoQueue"})
    # Defaults of the vendor's schema; 262144 bytes and 4 days are the service's.
    defaults = {
        "contentBasedDeduplication": False,
        "delaySeconds": 0,
        "fifoQueue": False,
        "kmsMasterKeyId": None,
        "maxMessageSize": 262144,
        "messageRetentionSeconds": 345600,
        "receiveWaitTimeSeconds": 0,
        "visibilityTimeoutSeconds": 30,
    }
    computed = frozenset(
        {"deduplicationScope", "fifoThroughputLimit", "kmsDataKeyReusePeriodSeconds", "policy", "redrivePolicy"}
        | {"redriveAllowPolicy", "sqsManagedSseEnabled"}
    )
    documents = frozenset({"policy", "redrivePolicy", "redriveAllowPolicy"})
    handled = frozenset({*_ATTRIBUTES, "name", "namePrefix", "tags"})

    def create(self, aws: Aws, inputs: Props) -> str:
        # The size is always sent: SQS's own default has grown beyond the vendor's.
        names = {name for name in _ATTRIBUTES if name in inputs and inputs[name] != self.defaults.get(name)}
        names |= {"maxMessageSize"}
        made = aws.call(
            "sqs",
            "create_queue",
            QueueName=inputs["name"],
            Attributes=_attributes(inputs, names) or None,
            tags=inputs.get("tags") or None,
        )
        return str(made["QueueUrl"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        answer = aws.find("sqs", "get_queue_attributes", _GONE, QueueUrl=identifier, AttributeNames=["All"])
        if answer is None:
            return None
        said = answer.get("Attributes", {})
        state: Props = {
            "url": identifier,
            "arn": said["QueueArn"],
            "name": identifier.rsplit("/", 1)[-1],
            "tags": aws.call("sqs", "list_queue_tags", QueueUrl=identifier).get("Tags", {}),
        }
        for name, attribute in _ATTRIBUTES.items():
            value = said.get(attribute)
            if value in (None, ""):
                state[name] = self.defaults.get(name)
            elif name in _NUMBERS:
                state[name] = int(value)
            else:
                state[name] = value == "true" if name in _FLAGS else value
        return state

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        names = changed & _ATTRIBUTES.keys()
        if names:
            # moto drops the policy when other attributes are set without it; SQS does not mind the repetition.
            names |= {"policy"} if new.get("policy") else set()
            attributes = _attributes(new, names)
            aws.call("sqs", "set_queue_attributes", QueueUrl=identifier, Attributes=attributes)
        if "tags" in changed:
            put, removed = change_tags(old.get("tags") or {}, new.get("tags") or {})
            if removed:
                aws.call("sqs", "untag_queue", QueueUrl=identifier, TagKeys=removed)
            if put:
                tags = {tag["Key"]: tag["Value"] for tag in put}
                aws.call("sqs", "tag_queue", QueueUrl=identifier, Tags=tags)

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        aws.call("sqs", "delete_queue", QueueUrl=identifier)


class QueuePolicy(Kind):
    """aws_sqs_queue_policy: the queue's attribute, managed apart."""

    token = "aws:sqs/queuePolicy:QueuePolicy"
    service = "sqs"
    gone = _GONE
    force_new = frozenset({"queueUrl"})
    documents = frozenset({"policy"})
    handled = frozenset({"queueUrl", "policy"})

    def create(self, aws: Aws, inputs: Props) -> str:
        self._put(aws, inputs["queueUrl"], inputs["policy"])
        return str(inputs["queueUrl"])

    def read(self, aws: Aws, identifier: str, known: Props) -> Props | None:
        answer = aws.find("sqs", "get_queue_attributes", _GONE, QueueUrl=identifier, AttributeNames=["Policy"])
        policy = (answer or {}).get("Attributes", {}).get("Policy")
        return {"queueUrl": identifier, "policy": policy} if policy else None

    def update(self, aws: Aws, identifier: str, new: Props, changed: set[str], old: Props) -> None:
        self._put(aws, identifier, new["policy"])

    def delete(self, aws: Aws, identifier: str, state: Props) -> None:
        self._put(aws, identifier, "")

    def _put(self, aws: Aws, url: str, policy: str) -> None:
        aws.call("sqs", "set_queue_attributes", QueueUrl=url, Attributes={"Policy": policy})


KINDS = (Queue(), QueuePolicy())
