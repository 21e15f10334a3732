package k8s_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// kustomization is as much of kustomize's file as ours use.
type kustomization struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Resources  []string `json:"resources"`
	Patches    []struct {
		Path string `json:"path"`
	} `json:"patches"`
}

func readKustomization(t *testing.T, folder string) kustomization {
	t.Helper()
	var k kustomization
	if err := unmarshal(read(t, filepath.Join(folder, "kustomization.yaml")), &k); err != nil {
		t.Fatal(err)
	}
	if k.APIVersion != "kustomize.config.k8s.io/v1beta1" || k.Kind != "Kustomization" {
		t.Errorf("%s: kustomize knows no %s %s", folder, k.APIVersion, k.Kind)
	}
	for _, resource := range k.Resources {
		if _, err := os.Stat(filepath.Join(folder, resource)); err != nil {
			t.Error(err)
		}
	}
	return k
}

func TestBaseIsTheOneFile(t *testing.T) {
	t.Parallel()
	if k := readKustomization(t, "."); !slices.Equal(k.Resources, []string{"deployment.yaml"}) || len(k.Patches) > 0 {
		t.Errorf("the base has %v and %v; it is deployment.yaml and nothing else", k.Resources, k.Patches)
	}
}

// TestServeOverlay: one process, the CronJob at rest, and pods as restricted as
// the base's.
func TestServeOverlay(t *testing.T) {
	t.Parallel()
	const folder = "../k8s-serve"
	k := readKustomization(t, folder)
	if !slices.Equal(k.Resources, []string{"../k8s", "deployment.yaml"}) {
		t.Errorf("the overlay has %v, not the base and the deployment", k.Resources)
	}
	base, serve := mustDecode(t, "deployment.yaml"), mustDecode(t, filepath.Join(folder, "deployment.yaml"))
	for _, fault := range faults(serve, schedule(t)) {
		t.Error(fault)
	}
	d := serve.deployments[0]
	if d.Spec.Replicas == nil || *d.Spec.Replicas != 1 || d.Spec.Strategy.Type != appsv1.RecreateDeploymentStrategyType {
		t.Error("two processes may run at once: one replica and Recreate are wanted")
	}
	template := d.Spec.Template
	for key, value := range d.Spec.Selector.MatchLabels {
		if template.Labels[key] != value || serve.services[0].Spec.Selector[key] != value {
			t.Errorf("the label %s=%s does not lead from the Deployment and the Service to the pod", key, value)
		}
	}
	for key, value := range base.policies[0].Spec.PodSelector.MatchLabels {
		if template.Labels[key] != value {
			t.Errorf("the network policy does not cover the pod: it has no %s=%s", key, value)
		}
	}
	container := template.Spec.Containers[0]
	checkProbe(t, container, container.LivenessProbe, "/healthz")
	checkProbe(t, container, container.ReadinessProbe, "/readyz")
	if cron := base.cronJobs[0].Spec.JobTemplate.Spec.Template.Spec.Containers[0]; cron.Image != container.Image {
		t.Errorf("the overlay runs %s, the base %s", container.Image, cron.Image)
	}
}

// TestServePatches: a patch that names nothing of the base makes kustomize fail.
func TestServePatches(t *testing.T) {
	t.Parallel()
	const folder = "../k8s-serve"
	base := mustDecode(t, "deployment.yaml")
	var patches manifests
	for _, patch := range readKustomization(t, folder).Patches {
		m := mustDecode(t, filepath.Join(folder, patch.Path))
		patches.cronJobs = append(patches.cronJobs, m.cronJobs...)
		patches.policies = append(patches.policies, m.policies...)
	}
	if len(patches.cronJobs) != 1 || len(patches.policies) != 1 {
		t.Fatalf("%d patches of the CronJob and %d of the network policy, want one of each", len(patches.cronJobs), len(patches.policies))
	}
	job, policy := patches.cronJobs[0], patches.policies[0]
	if job.Name != base.cronJobs[0].Name || job.Namespace != namespace || job.Spec.Suspend == nil || !*job.Spec.Suspend {
		t.Error("the CronJob is not suspended: two schedulers would start each slot")
	}
	if policy.Name != base.policies[0].Name || policy.Namespace != namespace {
		t.Error("the patch of the network policy names another one")
	}
	policy.Spec.PolicyTypes, policy.Spec.Egress = base.policies[0].Spec.PolicyTypes, base.policies[0].Spec.Egress
	for _, fault := range networkFaults(policy) {
		t.Error(fault)
	}
	if len(policy.Spec.Ingress) != 1 {
		t.Error("nobody may fetch the metrics")
	}
}

func checkProbe(t *testing.T, container corev1.Container, probe *corev1.Probe, path string) {
	t.Helper()
	if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != path || probe.HTTPGet.Port != intstr.FromString("http") {
		t.Fatalf("%s is not probed: %+v", path, probe)
	}
	if probe.TimeoutSeconds >= probe.PeriodSeconds {
		t.Errorf("%s: a probe that takes its time runs into the next one", path)
	}
	if len(container.Ports) != 1 || container.Ports[0].Name != "http" || container.Ports[0].ContainerPort != 8080 {
		t.Errorf("the port http is not 8080: %+v", container.Ports)
	}
}
