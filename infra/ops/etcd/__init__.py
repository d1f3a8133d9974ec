"""etcd's backups in the state bucket."""
