package slack_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pi-manager/internal/brief"
	"pi-manager/internal/fake"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden pins what is sent to Slack, parameter by parameter. Paste the blocks into Block Kit Builder to see them.
func TestGolden(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]brief.Post{"briefing": briefing(), "thread": agentThread(), "alert": alert()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := connect(t)
			if p.Thread != "" {
				p.Thread = s.Say(fake.SlackChannelID, "briefing", "")
			}
			mustPost(t, c, p)
			noSins(t, s)
			got := asked(t, s)
			path := filepath.Join("testdata", name+".golden.json")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// asked is the last request for a message, as JSON for people.
func asked(t *testing.T, s *fake.Slack) []byte {
	t.Helper()
	calls := s.Calls()
	params := map[string]any{}
	for name, values := range calls[len(calls)-1].Form {
		params[name] = values[0]
		if name == "blocks" || name == "metadata" {
			params[name] = json.RawMessage(values[0])
		}
	}
	if _, ok := params["thread_ts"]; ok {
		params["thread_ts"] = "(the briefing's)"
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(params); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func briefing() brief.Post {
	return brief.Post{
		Tag: brief.Tag{Run: "triage/2026-11-22T07:00", Part: "briefing", Hash: "4f1c"},
		Message: brief.Message{
			Summary: "412 orders in the queue, 38 new, 6 agents",
			Blocks: []brief.Block{
				{Kind: brief.Header, Lines: []brief.Line{{{Text: "ECM briefing, Sun 22 Nov 07:00"}}}},
				{Kind: brief.Section, Lines: []brief.Line{
					{{Style: brief.Bold, Text: "412"}, {Text: " orders in the queue, "}, {Style: brief.Bold, Text: "38"}, {Text: " new"}},
					{{Text: "AED 1,204,500.00 & GBP 96,310.50"}},
				}},
				{Kind: brief.Section, Lines: []brief.Line{
					{{Text: "12 open, 3 high-value, 1 P1  "}, {Style: brief.Mention, Text: "Asha", To: "U0000ASHA"}},
					{{Text: "11 open, 2 high-value, 0 P1  "}, {Style: brief.Mention, Text: "Omar <ops>"}},
				}},
				{Kind: brief.Context, Lines: []brief.Line{{{Style: brief.Link, Text: "Open the sheet", To: "https://docs.google.com/spreadsheets/d/x/edit#gid=0"}}}},
			},
		},
	}
}

func agentThread() brief.Post {
	return brief.Post{
		Tag:    brief.Tag{Run: "triage/2026-11-22T07:00", Part: "agent/asha@example.com", Hash: "77ab"},
		Thread: "to be filled in",
		Message: brief.Message{
			Summary: "Asha: 2 new orders",
			Blocks: []brief.Block{{Kind: brief.Section, Lines: []brief.Line{
				{{Style: brief.Mention, Text: "Asha", To: "U0000ASHA"}, {Text: " 2 new orders"}},
				{{Style: brief.Code, Text: "AE136JLXUG00"}, {Text: " AED 15,250.00, 37.5 h, "}, {Style: brief.Italic, Text: "refund_triggered"}},
				{{Style: brief.Code, Text: "0012`345"}, {Text: " <!channel> GBP 20.00"}},
			}}},
		},
	}
}

func alert() brief.Post {
	return brief.Post{
		Tag: brief.Tag{Run: "triage/2026-11-22T07:00", Part: "alert", Hash: "9d02"},
		Message: brief.Message{
			Summary: "Stopped: 4000 orders, at most 2000 are believed",
			Blocks: []brief.Block{{Kind: brief.Section, Lines: []brief.Line{
				{{Style: brief.Bold, Text: "Stopped"}, {Text: ": 4000 orders > 2000. Nothing was assigned."}},
			}}},
		},
	}
}
