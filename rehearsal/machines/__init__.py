"""Machines of a rehearsal: an instance that Auto Scaling launches boots for real, as a `systemd-nspawn` container.

One process an environment, `python -m rehearsal.machines`, does everything here. It gives each running instance of
the AWS stand-in a machine whose cloud-init reads the instance's own user-data from an instance-metadata service, and
stands for what surrounds an instance on EC2: the VPC's router and resolver, AWS's endpoints, the place Kubernetes's
binaries are downloaded from, load balancers.

What is real
    - The user-data: the launch template's bytes, run by the distribution's cloud-init with its EC2 data source.
    - systemd, containerd, runc, the kubelet and everything they start; the machine's network and block devices.

What is not
    - The kernel is this machine's, shared by all. What a container must not change of it (sysctls, modules) is only
      pretended to have been set; `inside/` holds all that is put into a machine for being one.
    - Processors: every machine sees all of this one. It has the memory of its machine type and no more.
    - Security groups and network ACLs: every machine reaches every other. Nothing of it reaches the outside.
    - The pod network: a plain bridge and routes take the place of Cilium (`rehearsal-stand-in` is the network's name).
"""
