package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"pi-manager/config"
	"pi-manager/internal/cli"
	"pi-manager/internal/ecm"
)

// The form of a skill: https://agentskills.io/specification
func TestSkillHasTheFormOfASkill(t *testing.T) {
	t.Parallel()
	text := file(t, "SKILL.md")
	_, rest, opened := strings.Cut(text, "---\n")
	front, body, closed := strings.Cut(rest, "---\n")
	var head struct{ Name, Description string }
	if err := yaml.Unmarshal([]byte(front), &head); err != nil || !opened || !closed {
		t.Fatalf("the front matter cannot be read: %v", err)
	}
	if head.Name != "pi-manager" { // the folder that the README says to put it in
		t.Errorf("name %q", head.Name)
	}
	if n := len(head.Description); n < 100 || n > 1024 {
		t.Errorf("the description has %d characters, 1,024 are allowed", n)
	}
	if n := strings.Count(body, "\n"); n > 500 {
		t.Errorf("the skill has %d lines", n)
	}
	for _, word := range []string{"triage", "daily briefing", "progress report", "clean up"} {
		if !strings.Contains(head.Description, word) {
			t.Errorf("the description does not say %q, so nobody finds the skill by it", word)
		}
	}
}

// What the skill and the README tell people to type must be there, with its flags.
func TestCommandsThatAreNamedExist(t *testing.T) {
	t.Parallel()
	command := regexp.MustCompile("pi-manager ([a-z]+)((?: --[a-z-]+| [A-Z]+| [0-9:]+)*)")
	for _, name := range []string{"SKILL.md", "README.md"} {
		found := command.FindAllStringSubmatch(file(t, name), -1)
		if len(found) < 10 {
			t.Errorf("%s names %d commands", name, len(found))
		}
		for _, match := range found {
			var help, complaints bytes.Buffer
			if status := cli.Main([]string{match[1], "--help"}, nil, strings.NewReader(""), &help, &complaints); status != 0 {
				t.Errorf("%s: there is no command %s", name, match[1])
			}
			for _, flag := range regexp.MustCompile("--[a-z-]+").FindAllString(match[2], -1) {
				if !strings.Contains(help.String(), flag) {
					t.Errorf("%s: %s has no flag %s", name, match[1], flag)
				}
			}
		}
	}
}

// The schedule is the one place where times stand; what repeats them must agree.
func TestTimesAreThoseOfTheSchedule(t *testing.T) {
	t.Parallel()
	schedule, err := config.LoadSchedule("")
	if err != nil {
		t.Fatal(err)
	}
	var times, last []string
	crontab := ""
	for _, entry := range schedule.Entries {
		times = append(times, entry.At())
		if slices.Contains(entry.Workflows, ecm.Progress) {
			last = append(last, entry.At())
		}
		utc := time.Date(2026, 2, 17, entry.Hour, entry.Minute, 0, 0, schedule.Zone).UTC()
		crontab += fmt.Sprintf("%d %-3d* * *  cd /etc/pi-manager && pi-manager run --slot %s\n", utc.Minute(), utc.Hour(), entry.At())
	}
	all := strings.Join(times[:len(times)-1], ", ") + " and " + times[len(times)-1]
	if want := all + " (" + schedule.Zone.String() + ")"; !strings.Contains(file(t, "SKILL.md"), want) {
		t.Errorf("SKILL.md does not say %q", want)
	}
	if !strings.Contains(file(t, "SKILL.md"), "progress in the last two") || !slices.Equal(last, times[1:]) {
		t.Errorf("SKILL.md says which slots have a progress report, and the schedule has %v", last)
	}
	readme := file(t, "README.md")
	if !strings.Contains(readme, crontab) {
		t.Errorf("README.md does not hold the crontab\n%s", crontab)
	}
	if want := "for " + all + " in Dubai"; !strings.Contains(readme, want) {
		t.Errorf("README.md does not say %q", want)
	}
}

func file(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
