"""The rehearsal's AWS: one moto server an environment, which keeps its data.

`python -m rehearsal.moto --port PORT --data DIRECTORY` serves every service moto knows on 127.0.0.1 and writes
snapshots of all of them to DIRECTORY. A server that was stopped, killed or lost to a reboot comes back with its last
snapshot.

What is promised
    - A snapshot is one instant: no request is in progress while it is taken, so what Pulumi knows (its state is an
      object in moto's S3) and what exists are from the same moment. A crash takes both back together.
    - It is taken once changes pause for `saver.QUIET_SECONDS`, and under constant change about once a second, by a
      forked child: requests wait for the fork, not for the writing.
    - SIGTERM and SIGINT take a last one, so an orderly stop loses nothing.
    - A damaged snapshot is noticed by its checksum; the one before it is used and the user is told.

What is not
    - A server that is killed loses what changed since its last snapshot: about a second of it, and more under constant
      change in a large environment, because snapshots may then use no more than a tenth of the time.
    - Snapshots are Python pickles of one moto version. Another version refuses them.
    - Requests run one at a time. Anyone on this machine may send them: moto checks no signature.
    - A bucket policy's denial under a condition (such as `aws:SecureTransport`) is stored and never applied.
    - Object contents above 8 KiB lie in `bodies/`, by digest, and are deleted only with the environment.
"""

SNAPSHOT_NAME = "cloud.snapshot"
"""The last snapshot's file, in the data directory."""
HEALTH_PATH = "/rehearsal/health"
"""Where the server takes the health of load balancers' targets."""
NOTICE_NAME = "notice.json"
"""What the running server had to say of its data when it started, in the data directory."""
