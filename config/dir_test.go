package config_test

import (
	"path/filepath"
	"strings"
	"testing"

	"pi-manager/config"
)

func TestReadPrefersTheFolderFileByFile(t *testing.T) {
	t.Parallel()
	path := write(t, config.ScheduleFile, "\ufeffzone: Europe/Berlin\nslots: [{at: \"09:00\", run: [triage]}]\n")
	folder := filepath.Dir(path)
	if got, err := config.Read(folder, config.ScheduleFile); err != nil || got.Path != path || !strings.HasPrefix(got.Text, "zone: Europe/Berlin") {
		t.Errorf("got %+v, %v, want the folder's", got, err)
	}
	if schedule, err := config.LoadSchedule(folder); err != nil || schedule.Zone.String() != "Europe/Berlin" {
		t.Errorf("got %v, %v, want the folder's schedule", schedule, err)
	}
	for _, dir := range []string{"", folder} {
		if got, err := config.Read(dir, config.PolicyFile); err != nil || got.Path != "embedded policy.yaml" || !strings.Contains(got.Text, "guardrails:") {
			t.Errorf("in %q: got %.40q from %s, %v, want the embedded policy", dir, got.Text, got.Path, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	holding := func(text string) string { return filepath.Dir(write(t, config.ScheduleFile, text)) }
	tests := []struct{ name, dir, file, want string }{
		{"no folder", t.TempDir() + "/none", config.ScheduleFile, "PI_MANAGER_CONFIG: the folder cannot be read"},
		{"a file for a folder", write(t, "x", ""), config.ScheduleFile, "PI_MANAGER_CONFIG: this is a file"},
		{"an empty file", holding(" \n"), config.ScheduleFile, "is empty; delete it to use the built-in one"},
		{"not UTF-8", holding("zone: \xff"), config.ScheduleFile, "not UTF-8"},
		{"too large", holding(strings.Repeat("#", 1<<20+1)), config.ScheduleFile, "more than 1048576 bytes"}, // F112
		{"an unknown name", "", "roster.yaml", "no configuration file called roster.yaml"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got, err := config.Read(test.dir, test.file); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %+v, %v, want an error with %q", got, err, test.want)
			}
		})
	}
}
