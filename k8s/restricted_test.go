package k8s_test

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// restricted says what in a pod the Pod Security Standard "restricted" refuses
// (kubernetes.io/docs/concepts/security/pod-security-standards), and three things
// more that we promise: a read-only root, a user that is a number, no token (F110).
func restricted(pod corev1.PodSpec) []string {
	var faults []string
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	refuse(pod.HostNetwork || pod.HostPID || pod.HostIPC, "the pod shares a namespace of its node")
	for _, volume := range pod.Volumes {
		refuse(!harmless(volume.VolumeSource), "volume %s is of a kind that is not allowed", volume.Name)
	}
	refuse(pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken, "the pod mounts a service-account token")
	s := pod.SecurityContext
	if s == nil {
		return append(faults, "the pod has no securityContext")
	}
	refuse(s.RunAsNonRoot == nil || !*s.RunAsNonRoot, "runAsNonRoot is not true")
	refuse(s.RunAsUser == nil || *s.RunAsUser != 65532, "runAsUser is not 65532, the image's user")
	refuse(s.SeccompProfile == nil || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault, "seccompProfile is not RuntimeDefault")
	refuse(s.SELinuxOptions != nil || s.WindowsOptions != nil || s.AppArmorProfile != nil || len(s.Sysctls) > 0, "the pod asks for more than it needs of its node")
	refuse(len(pod.Containers) == 0, "the pod has no container")
	for _, container := range slices.Concat(pod.InitContainers, pod.Containers) {
		faults = append(faults, restrictedContainer(container)...)
	}
	return faults
}

func restrictedContainer(container corev1.Container) []string {
	var faults []string
	refuse := func(wrong bool, what string) {
		if wrong {
			faults = append(faults, "container "+container.Name+": "+what)
		}
	}
	s := container.SecurityContext
	if s == nil || s.Capabilities == nil {
		return []string{"container " + container.Name + ": no securityContext with capabilities"}
	}
	refuse(s.Privileged != nil && *s.Privileged, "privileged")
	refuse(s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation, "allowPrivilegeEscalation is not false")
	refuse(s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem, "readOnlyRootFilesystem is not true")
	refuse(!slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}), "capabilities are not dropped: drop must be [ALL]")
	refuse(len(s.Capabilities.Add) > 0, "a capability is added")
	refuse(s.RunAsUser != nil || s.RunAsNonRoot != nil || s.SeccompProfile != nil || s.ProcMount != nil, "overrides what the pod says of its user or of seccomp")
	for _, port := range container.Ports {
		refuse(port.HostPort != 0, "takes a port of its node")
	}
	return faults
}

// harmless says whether the standard allows the kind of volume.
func harmless(v corev1.VolumeSource) bool {
	return v.ConfigMap != nil || v.Secret != nil || v.EmptyDir != nil || v.Projected != nil || v.DownwardAPI != nil ||
		v.PersistentVolumeClaim != nil || v.CSI != nil || v.Ephemeral != nil
}
