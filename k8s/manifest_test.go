// Package k8s_test holds the manifests, the image and the overlay to what they
// promise: a misspelt field, a wrong zone or one right too many fails here and
// not at seven in the morning.
package k8s_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

const namespace = "ecm-operations"

// manifests are decoded documents, by kind.
type manifests struct {
	namespaces      []*corev1.Namespace
	serviceAccounts []*corev1.ServiceAccount
	configMaps      []*corev1.ConfigMap
	secrets         []*corev1.Secret
	services        []*corev1.Service
	policies        []*networkingv1.NetworkPolicy
	cronJobs        []*batchv1.CronJob
	deployments     []*appsv1.Deployment
}

// decode reads YAML documents as the API server would with strict validation:
// a field that it does not know, or one that stands twice, is an error.
func decode(text []byte) (manifests, error) {
	var m manifests
	for i, document := range bytes.SplitAfter(text, []byte("\n---\n")) {
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return m, fmt.Errorf("document %d: %w", i+1, err)
		}
		object, err := m.add(kind.APIVersion + " " + kind.Kind)
		if err == nil {
			err = unmarshal(document, object)
		}
		if err != nil {
			return m, fmt.Errorf("document %d (%s): %w", i+1, kind.Kind, err)
		}
	}
	return m, nil
}

// unmarshal is as strict as the API server. The YAML library alone would take
// readOnlyRootFileSystem for readOnlyRootFilesystem; the server drops it.
func unmarshal(document []byte, object any) error {
	text, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return err
	}
	unknown, err := json.UnmarshalStrict(text, object)
	return errors.Join(append(unknown, err)...)
}

// add makes room for one more object of the kind.
func (m *manifests) add(kind string) (any, error) {
	switch kind {
	case "v1 Namespace":
		return added(&m.namespaces), nil
	case "v1 ServiceAccount":
		return added(&m.serviceAccounts), nil
	case "v1 ConfigMap":
		return added(&m.configMaps), nil
	case "v1 Secret":
		return added(&m.secrets), nil
	case "v1 Service":
		return added(&m.services), nil
	case "networking.k8s.io/v1 NetworkPolicy":
		return added(&m.policies), nil
	case "batch/v1 CronJob":
		return added(&m.cronJobs), nil
	case "apps/v1 Deployment":
		return added(&m.deployments), nil
	}
	return nil, errors.New("no such kind is expected here")
}

func added[T any](list *[]*T) *T {
	object := new(T)
	*list = append(*list, object)
	return object
}

// metas are the names and labels of everything that lives in a namespace.
func (m *manifests) metas() []metav1.ObjectMeta {
	var all []metav1.ObjectMeta
	for _, o := range m.serviceAccounts {
		all = append(all, o.ObjectMeta)
	}
	for _, o := range m.configMaps {
		all = append(all, o.ObjectMeta)
	}
	for _, o := range m.secrets {
		all = append(all, o.ObjectMeta)
	}
	for _, o := range m.services {
		all = append(all, o.ObjectMeta)
	}
	for _, o := range m.policies {
		all = append(all, o.ObjectMeta)
	}
	for _, o := range m.cronJobs {
		all = append(all, o.ObjectMeta)
	}
	for _, o := range m.deployments {
		all = append(all, o.ObjectMeta)
	}
	return all
}

// pods are the templates of all pods that the manifests start.
func (m *manifests) pods() []corev1.PodTemplateSpec {
	var all []corev1.PodTemplateSpec
	for _, c := range m.cronJobs {
		all = append(all, c.Spec.JobTemplate.Spec.Template)
	}
	for _, d := range m.deployments {
		all = append(all, d.Spec.Template)
	}
	return all
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func mustDecode(t *testing.T, path string) manifests {
	t.Helper()
	m, err := decode(read(t, path))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return m
}
