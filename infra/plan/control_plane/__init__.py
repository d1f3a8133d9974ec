"""The control plane, decided: members, their configuration, the load balancers before them, and the cluster's PKI."""
