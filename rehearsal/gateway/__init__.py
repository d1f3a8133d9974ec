"""Stands for the network between an operator and the cluster: an HTTP proxy that leads the API's names to this machine.

The load balancers that a rehearsed environment declares have names that no resolver knows. Clients reach them through
`HTTPS_PROXY`, so that the program's kubeconfig is used as it is: by the engine's plugins, kubectl, and slipway itself.
"""
