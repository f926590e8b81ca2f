"""Rules: how long a condition holds before an alert fires (``for:``), and how bad it is.

As in kubernetes-mixin, node-mixin, OpenShift's operators, Ceph, cert-manager, etcd and the usual
rules of exporters and of HTTP objectives. KubeContainerWaiting and the disk rules wait an hour or
half of one upstream: here as long as where they are tuned.
"""

from collections.abc import Mapping

from contracts.alerts import Severity

_CRITICAL, _WARNING, _INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO

_PATIENCE: Mapping[Severity, Mapping[str, float]] = {
    _CRITICAL: {
        # HTTP, probes
        "HighErrorRate": 1,
        "ErrorBudgetBurn": 2,
        "IstioHigh5xxErrorRate": 1,
        "IstioPilotPushErrors": 5,
        # the control plane
        "KubeAPIDown": 15,
        "KubeAPIErrorBudgetBurn": 2,
        "ClusterOperatorDown": 10,
        "etcdHighCommitDurations": 10,
        "MCCDrainError": 15,
        "KubeletClientCertificateExpiration": 0,
        # storage
        "KubePersistentVolumeFillingUp": 1,
        "KubePersistentVolumeErrors": 5,
        "NodeFilesystemAlmostOutOfSpace": 5,
        "CephClusterErrorState": 10,
        "CephOSDDiskUnavailable": 1,
        "CephMonQuorumAtRisk": 15,
        # the network
        "HAProxyDown": 5,
        "IngressControllerUnavailable": 5,
        "CoreDNSPanicking": 5,
        "NoOvnClusterManagerLeader": 5,
        "BlackboxSslCertificateExpired": 0,
        "CertManagerCertNotReady": 10,
        # applications
        "PostgreSQLDown": 0.5,
        "KafkaOfflinePartitions": 1,
        "UPFSessionsLost": 1,
        # GPUs
        "GPUXidError": 0,
        "GPUFallenOffBus": 1,
        "GPUHighTemperature": 5,
    },
    _WARNING: {
        # pods and workloads
        "KubePodCrashLooping": 15,
        "KubePodNotReady": 15,
        "KubeContainerWaiting": 15,
        "KubeDeploymentReplicasMismatch": 15,
        "KubeDeploymentRolloutStuck": 15,
        "KubeDeploymentGenerationMismatch": 15,
        "KubeStatefulSetReplicasMismatch": 15,
        "KubeDaemonSetRolloutStuck": 15,
        "KubeHpaMaxedOut": 15,
        "KubeHpaReplicasMismatch": 15,
        "KubePdbNotEnoughHealthyPods": 15,
        "KubeJobFailed": 15,
        "KubeCronJobRunning": 30,
        "KubeQuotaExceeded": 15,
        "KubeContainerOOMKilled": 0,
        "ContainerHighMemoryUsage": 2,
        "ContainerHighCpuUtilization": 10,
        "HighLogVolume": 10,
        # nodes
        "KubeNodeNotReady": 15,
        "KubeNodeUnreachable": 15,
        "KubeNodeReadinessFlapping": 15,
        "KubeNodePressure": 10,
        "KubeNodeEviction": 0,
        "KubeletPlegDurationHigh": 5,
        "KubeletPodStartUpLatencyHigh": 15,
        "KubeletClientCertificateRenewalErrors": 15,
        "KubeletTooManyPods": 15,
        "NodeExporterDown": 2,
        "NodeNetworkInterfaceFlapping": 2,
        "NodeNetworkReceiveErrs": 20,
        "NodeClockSkewDetected": 10,
        "NodeClockNotSynchronising": 10,
        "NodeFilesystemSpaceFillingUp": 5,
        "NodeMemoryHighUtilization": 15,
        "NodeMemoryMajorPagesFaults": 15,
        "NodeSystemSaturation": 15,
        "SystemMemoryExceedsReservation": 15,
        "NodeWithoutOVNKubeNodePodRunning": 20,
        "TargetDown": 10,
        # the control plane
        "ClusterOperatorDegraded": 30,
        "KubeAPITerminatedRequests": 5,
        "KubeAggregatedAPIDown": 5,
        "etcdHighFsyncDurations": 10,
        "etcdMemberCommunicationSlow": 10,
        "etcdHighNumberOfLeaderChanges": 5,
        "ImageRegistryStorageFull": 5,
        "PrometheusNotConnectedToAlertmanagers": 10,
        # storage
        "CephSlowOps": 0.5,
        "CephPGUnavailable": 5,
        # the network
        "CoreDNSErrorsHigh": 5,
        "CoreDNSForwardErrorsHigh": 5,
        "OVNKubernetesNodePodAddError": 15,
        "V4SubnetAllocationThresholdExceeded": 10,
        "IstioRequestLatencyHigh": 1,
        "ProbeFailed": 1,
        "HighRequestLatency": 5,
        # applications
        "PostgreSQLSlowQueries": 2,
        "PostgreSQLMaxConnectionsReached": 1,
        "PostgreSQLDeadlocks": 1,
        "KafkaBrokersDown": 3,
        "KafkaUnderReplicatedPartitions": 1,
        "KafkaConsumerGroupLag": 1,
        # telco
        "HighPtpSyncDelay": 0.2,
        "DURadioLinkDegraded": 2,
        "UPFPacketLoss": 2,
        "SMFSessionEstablishmentFailures": 2,
        # GPUs
        "GPUThermalThrottling": 2,
        "TrainingThroughputLow": 5,
    },
    _INFO: {
        "CPUThrottlingHigh": 15,
        "KubeQuotaFullyUsed": 15,
    },
}

RULES: Mapping[str, tuple[float, Severity]] = {
    name: (minutes, severity)
    for severity, rules in _PATIENCE.items()
    for name, minutes in rules.items()
}
"""By name of the alert: minutes, and severity."""
