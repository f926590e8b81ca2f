"""Logins, bearer tokens and rights by an OpenShift cluster: its OAuth server and its reviews."""
