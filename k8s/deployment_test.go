package k8s_test

import (
	"flag"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/config"
)

var update = flag.Bool("update", false, "put the text of config/*.yaml into deployment.yaml")

func schedule(t *testing.T) config.Schedule {
	t.Helper()
	s, err := config.LoadSchedule("")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestManifestsAreSound(t *testing.T) {
	t.Parallel()
	m := mustDecode(t, "deployment.yaml")
	for _, fault := range faults(m, schedule(t)) {
		t.Error(fault)
	}
	if len(m.namespaces) != 1 || len(m.serviceAccounts) != 1 || len(m.configMaps) != 1 || len(m.policies) != 1 || len(m.cronJobs) != 1 {
		t.Errorf("a part is missing or stands twice: %d namespaces, %d service accounts, %d config maps, %d network policies, %d cron jobs",
			len(m.namespaces), len(m.serviceAccounts), len(m.configMaps), len(m.policies), len(m.cronJobs))
	}
	if len(m.secrets) > 0 {
		t.Error("applying deployment.yaml would overwrite a secret: it belongs into settings.example.yaml")
	}
}

// TestCheckerFindsFaults breaks the manifests one way at a time: a check that
// finds nothing wrong with a broken file is worth nothing.
func TestCheckerFindsFaults(t *testing.T) {
	t.Parallel()
	whole := string(read(t, "deployment.yaml"))
	for _, broken := range []struct{ name, from, to, want string }{
		{"misspelt field of the CronJob", "concurrencyPolicy:", "concurencyPolicy:", `unknown field "spec.concurencyPolicy"`},
		{"misspelt field of the pod", "readOnlyRootFilesystem:", "readOnlyRootFileSystem:", "unknown field"},
		{"field at the wrong depth", "  timeZone: Asia/Dubai", "  jobTemplate: {timeZone: Asia/Dubai}", `already set in map`},
		{"unknown kind", "kind: CronJob", "kind: Cronjob", "no such kind"},
		{"zone UTC", "timeZone: Asia/Dubai", "timeZone: UTC", "timeZone is not the schedule's"},
		{"no zone", "  timeZone: Asia/Dubai\n", "", "timeZone is not the schedule's"},
		{"UTC hours under a local zone", `"0 7,14,20 * * *"`, `"0 3,10,16 * * *"`, "schedule: after"},
		{"slot missing", `"0 7,14,20 * * *"`, `"0 7,14 * * *"`, "schedule: after"},
		{"only on weekdays", `"0 7,14,20 * * *"`, `"0 7,14,20 * * 1-5"`, "schedule: after"},
		{"cron text with its own zone", `"0 7,14,20 * * *"`, `"CRON_TZ=Asia/Dubai 0 7,14,20 * * *"`, "cannot be read as times"},
		{"no cron text", `"0 7,14,20 * * *"`, `"0 7,14,20 * *"`, "cannot be read as times"},
		{"unknown value of an enum", "concurrencyPolicy: Forbid", "concurrencyPolicy: forbid", "not Forbid"},
		{"starting deadline that may never start", "startingDeadlineSeconds: 1800", "startingDeadlineSeconds: 5", "startingDeadlineSeconds"},
		{"no deadline", "      activeDeadlineSeconds: 3600\n", "", "activeDeadlineSeconds"},
		{"many tries", "backoffLimit: 2", "backoffLimit: 6", "backoffLimit"},
		{"a guardrail's stop is tried again", "values: [2, 3]", "values: [2]", "exit status 3 leads to Count"},
		{"a failure is not tried again", "values: [2, 3]", "values: [1, 2, 3]", "exit status 1 leads to FailJob"},
		{"owed messages wait for the next slot", "values: [2, 3]", "values: [2, 3, 4]", "exit status 4 leads to FailJob"},
		{"unknown action", "action: Count", "action: Retry", `no action "Retry"`},
		{"unknown operator", "operator: In\n              values: [1, 4]", "operator: Is\n              values: [1, 4]", "operator"},
		{"drain costs a try", "type: DisruptionTarget", "type: Ready", "drained node costs a try"},
		{"restart in place", "restartPolicy: Never", "restartPolicy: OnFailure", "restartPolicy"},
		{"capability added", "drop: [ALL]", "drop: [ALL]\n                  add: [NET_ADMIN]", "a capability is added"},
		{"capabilities kept", "drop: [ALL]", "drop: [NET_RAW]", "capabilities are not dropped"},
		{"root may be written", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "readOnlyRootFilesystem"},
		{"escalation", "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "allowPrivilegeEscalation"},
		{"root user", "runAsUser: 65532", "runAsUser: 0", "runAsUser"},
		{"may be root", "runAsNonRoot: true", "runAsNonRoot: false", "runAsNonRoot"},
		{"no seccomp", "type: RuntimeDefault", "type: Unconfined", "seccompProfile"},
		{"folder of the node", "configMap:\n                name: pi-manager-config", "hostPath:\n                path: /", "not allowed"},
		{"network of the node", "restartPolicy: Never", "restartPolicy: Never\n          hostNetwork: true", "namespace of its node"},
		{"token in the pod", "serviceAccountName: pi-manager\n          automountServiceAccountToken: false", "serviceAccountName: pi-manager", "service-account token"},
		{"token of the account", "app.kubernetes.io/name: pi-manager\nautomountServiceAccountToken: false", "app.kubernetes.io/name: pi-manager", "hands out its token"},
		{"lax namespace", "enforce: restricted", "enforce: baseline", "does not enforce"},
		{"another namespace", "namespace: ecm-operations", "namespace: default", `in the namespace "default"`},
		{"policy of one way", "policyTypes: [Ingress, Egress]", "policyTypes: [Egress]", "both ways"},
		{"everything goes out", "    - ports:\n        - {protocol: TCP, port: 443}\n        - {protocol: TCP, port: 5439}", "    - {}", "it lets out"},
		{"policy for other pods", "    matchLabels:\n      app.kubernetes.io/name:", "    matchLabels:\n      app:", "does not cover the pod"},
		{"slot from the clock", "batch.kubernetes.io/job-name", "batch.kubernetes.io/controller-uid", "would not know its slot"},
		{"large request", "memory: 64Mi", "memory: 1Gi", "resources"},
		{"other program", "args: [run]", "command: [/bin/sh]", "the container runs"},
	} {
		t.Run(broken.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(whole, broken.from, broken.to, 1)
			if text == whole {
				t.Fatalf("deployment.yaml has no %q to break", broken.from)
			}
			m, err := decode([]byte(text))
			found := faults(m, schedule(t))
			if err != nil {
				found = []string{err.Error()}
			}
			if !slices.ContainsFunc(found, func(fault string) bool { return strings.Contains(fault, broken.want) }) {
				t.Errorf("nobody noticed; found %q, want something with %q", found, broken.want)
			}
		})
	}
}

// TestConfigMapIsConfig keeps the ConfigMap and config/ in step; -update writes
// what config/ has into deployment.yaml.
func TestConfigMapIsConfig(t *testing.T) {
	want := map[string]string{}
	for _, name := range []string{config.PolicyFile, config.ScheduleFile} {
		want[name] = string(read(t, path.Join("..", "config", name)))
	}
	if *update {
		writeConfigMap(t, want)
	}
	m := mustDecode(t, "deployment.yaml")
	if diff := cmp.Diff(want, m.configMaps[0].Data); diff != "" {
		t.Errorf("the ConfigMap is not what config/ holds; go test ./k8s -update makes it so (-config +ConfigMap):\n%s", diff)
	}
}

func writeConfigMap(t *testing.T, files map[string]string) {
	t.Helper()
	var data strings.Builder
	data.WriteString("data:\n")
	for _, name := range []string{config.PolicyFile, config.ScheduleFile} {
		data.WriteString("  " + name + ": |\n")
		for line := range strings.Lines(files[name]) {
			if strings.TrimSpace(line) != "" {
				data.WriteString("    ")
			}
			data.WriteString(line)
		}
	}
	text := regexp.MustCompile(`(?ms)^data:\n.*?^---\n`).ReplaceAllLiteralString(string(read(t, "deployment.yaml")), data.String()+"---\n")
	if err := os.WriteFile("deployment.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
