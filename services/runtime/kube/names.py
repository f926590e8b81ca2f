"""Names that Kubernetes makes."""

import re

_SAFE = "[bcdfghjklmnpqrstvwxz2456789]"
"""Of these Kubernetes makes the suffixes of names (apimachinery, ``util/rand``)."""
_OF_DEPLOYMENT = re.compile(rf"-{_SAFE}{{6,10}}-{_SAFE}{{5}}\Z")
_OF_STATEFUL = re.compile(r"-\d{1,4}\Z")
_OF_OTHERS = re.compile(rf"(-\d{{7,10}})?-{_SAFE}{{5}}\Z")


def stem(pod: str) -> str:
    """A pod's name less what Kubernetes adds to that of its workload."""
    for suffix in (_OF_DEPLOYMENT, _OF_OTHERS, _OF_STATEFUL):
        rest = suffix.sub("", pod)
        if rest != pod and rest:
            return rest
    return pod
