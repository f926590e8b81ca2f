"""Manifests for Kubernetes and OpenShift, for kustomize and Helm, from one tree of objects."""
