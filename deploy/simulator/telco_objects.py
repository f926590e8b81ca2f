"""Kubernetes objects of the operators for clocks and virtual functions.

Their forms: https://github.com/k8snetworkplumbingwg/sriov-network-operator (``api/v1``) and
https://github.com/k8snetworkplumbingwg/ptp-operator.
"""

from deploy.simulator import telco
from deploy.simulator.cluster import Cluster, Node
from deploy.simulator.objects import SRIOV, Json, metadata
from deploy.simulator.telco import Pool
from deploy.simulator.telco_metrics import address_of

_VENDOR, _DEVICE, _FUNCTION = "8086", "1593", "1889"
_DRIVERS = {"vfio-pci": "vfio-pci", "netdevice": "iavf"}
_MOST_VFS = 64


def policy(cluster: Cluster, pool: Pool) -> Json:
    """How virtual functions are cut from a network card."""
    return {
        "metadata": metadata(cluster, pool.policy, SRIOV),
        "spec": {
            "resourceName": pool.policy,
            "numVfs": pool.vfs,
            "nicSelector": {"pfNames": [pool.interface]},
            "nodeSelector": {"node-role.kubernetes.io/worker": ""},
            "deviceType": pool.device_type,
        },
    }


def node_state(cluster: Cluster, node: Node) -> Json:
    """What the operator wants of a node's network cards, and what there is."""
    return {
        "metadata": metadata(cluster, node.name, SRIOV),
        "spec": {"interfaces": [_wanted(pool) for pool in telco.POOLS]},
        "status": {
            "interfaces": [_there(pool) for pool in telco.POOLS],
            "syncStatus": "Succeeded",
        },
    }


def _wanted(pool: Pool) -> Json:
    group = {
        "deviceType": pool.device_type,
        "policyName": pool.policy,
        "resourceName": pool.policy,
        "vfRange": f"0-{pool.vfs - 1}",
    }
    return {
        "name": pool.interface,
        "numVfs": pool.vfs,
        "pciAddress": pool.address,
        "vfGroups": [group],
    }


def _there(pool: Pool) -> Json:
    return {
        "Vfs": [_function(pool, number) for number in range(pool.vfs)],
        "deviceID": _DEVICE,
        "driver": "ice",
        "eSwitchMode": "legacy",
        "linkSpeed": "25000 Mb/s",
        "linkType": "ETH",
        "mac": f"b4:96:91:00:00:{pool.address[-1]:0>2}",
        "mtu": 1500,
        "name": pool.interface,
        "numVfs": pool.vfs,
        "pciAddress": pool.address,
        "totalvfs": _MOST_VFS,
        "vendor": _VENDOR,
    }


def _function(pool: Pool, number: int) -> Json:
    return {
        "deviceID": _FUNCTION,
        "driver": _DRIVERS[pool.device_type],
        "pciAddress": address_of(pool, number),
        "vendor": _VENDOR,
        "vfID": number,
    }


def ptp_config(cluster: Cluster, space: str) -> Json:
    """How the clocks of the nodes follow their grandmaster."""
    profile = {
        "name": "ordinary-clock",
        "interface": telco.INTERFACE,
        "ptp4lOpts": "-2 -s",
        "phc2sysOpts": "-a -r",
    }
    return {
        "metadata": metadata(cluster, "ordinary-clock", space),
        "spec": {
            "profile": [profile],
            "recommend": [{"profile": "ordinary-clock", "priority": 4, "match": []}],
        },
    }
