package k8s_test

import (
	"encoding/json"
	"encoding/pem"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"pi-manager/config"
)

// TestSettingsFit holds the example of the team's own settings to what the pods
// read: the names of the objects, and the paths of the secrets.
func TestSettingsFit(t *testing.T) {
	t.Parallel()
	example := mustDecode(t, "settings.example.yaml")
	for _, fault := range faults(example, schedule(t)) {
		t.Error(fault)
	}
	settings, secrets := example.configMaps[0], example.secrets[0]
	for _, file := range []string{"deployment.yaml", "../k8s-serve/deployment.yaml"} {
		m := mustDecode(t, file)
		for _, pod := range m.pods() {
			container := pod.Spec.Containers[0]
			if from := container.EnvFrom; len(from) != 1 || from[0].ConfigMapRef == nil || from[0].ConfigMapRef.Name != settings.Name || !*from[0].ConfigMapRef.Optional {
				t.Errorf("%s: the pod does not read the settings of the ConfigMap %s", file, settings.Name)
			}
			folder, mode := secretFolder(pod.Spec, secrets.Name)
			if mode != 0o440 {
				t.Errorf("%s: the secrets' mode is %o: the pod's user reads them as its group, nobody else does", file, mode)
			}
			for key := range secrets.StringData {
				if !slices.Contains(slices.Collect(maps.Values(settings.Data)), path.Join(folder, key)) {
					t.Errorf("%s: the secret %s is mounted at %s, and no _FILE variable names it", file, key, folder)
				}
			}
		}
	}
	for name, value := range settings.Data {
		isSecret := strings.Contains(name, "PASSWORD") || strings.Contains(name, "TOKEN") || strings.Contains(name, "ACCOUNT")
		if isSecret != strings.HasSuffix(name, "_FILE") {
			t.Errorf("%s=%s: a secret belongs into the Secret", name, value)
		}
	}
}

// secretFolder is where a pod mounts a secret, and with which file mode.
func secretFolder(pod corev1.PodSpec, secret string) (string, int32) {
	for _, volume := range pod.Volumes {
		if volume.Secret == nil || volume.Secret.SecretName != secret || volume.Secret.DefaultMode == nil {
			continue
		}
		for _, mount := range pod.Containers[0].VolumeMounts {
			if mount.Name == volume.Name {
				return mount.MountPath, *volume.Secret.DefaultMode
			}
		}
	}
	return "", 0
}

// TestSettingsLoad fills in the example and loads it as a pod would: nothing is
// missing and nothing is unknown. Left as it is, it is refused (F91).
func TestSettingsLoad(t *testing.T) {
	t.Parallel()
	example := mustDecode(t, "settings.example.yaml")
	filled := map[string]string{
		"REDSHIFT_HOST": "cluster.example.com", "REDSHIFT_DATABASE": "ecm", "REDSHIFT_USER": "reader",
		"SPREADSHEET_ID": "1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcdEFG", "SLACK_CHANNEL_ID": "C0123456789",
		"redshift-password": "canary", "slack-bot-token": "xoxb-canary",
		"google-service-account.json": serviceAccount(t),
	}
	load := func(values map[string]string) (config.Settings, error) {
		return config.Load(environment(t, example, values))
	}
	if _, err := load(nil); err == nil {
		t.Error("the example is taken as it is, placeholders and all")
	}
	settings, err := load(filled)
	if err != nil {
		t.Fatalf("the example, filled in, is refused: %v", err)
	}
	if settings.Warehouse.Kind != config.KindRedshift || settings.Ledger.Kind != config.KindSheet || settings.Notify.Kind != config.KindSlack {
		t.Errorf("the settings mean %+v, %+v, %+v; want redshift, sheet, slack", settings.Warehouse, settings.Ledger, settings.Notify)
	}
}

func serviceAccount(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "bot@example.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("canary")})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// environment is what a pod finds: the ConfigMap's variables, and the Secret's
// files in a folder of the test's. Values replace what the example has.
func environment(t *testing.T, example manifests, values map[string]string) []string {
	t.Helper()
	folder := t.TempDir()
	or := func(key, value string) string {
		if filled, ok := values[key]; ok {
			return filled
		}
		return value
	}
	for key, value := range example.secrets[0].StringData {
		if err := os.WriteFile(filepath.Join(folder, key), []byte(or(key, value)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	environ := []string{"PI_MANAGER_CONFIG=../config", "PI_MANAGER_JOB_NAME=pi-manager-29384700"}
	for key, value := range example.configMaps[0].Data {
		environ = append(environ, key+"="+strings.Replace(or(key, value), "/etc/pi-manager/secrets", folder, 1))
	}
	return environ
}
