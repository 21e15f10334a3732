package fake

import (
	"net/url"
	"regexp"
	"strings"
)

// SlackEntity is a live part of a message.
type SlackEntity struct {
	// Kind is user, channel, group, broadcast, date or link.
	Kind string
	// Target is whom it notifies or what it opens: a user or channel ID, channel, here, everyone, or an address.
	Target string
	// Where is text (the fallback that notifications show) or blocks.
	Where string
}

// slackEntities lists every live part of a message, in reading order: first of the text, then of the blocks.
// An entity is live inside a code span too, and a bare address becomes a link unless its text object is verbatim.
func slackEntities(blocks []slackBlock, text string, form url.Values) []SlackEntity {
	bareText := len(blocks) == 0
	names := form.Get("parse") == "full" || form.Get("link_names") == "1" || form.Get("link_names") == "true"
	live := slackScan(text, "text", bareText, names)
	for _, b := range blocks {
		for _, t := range b.texts() {
			if t.Type == "mrkdwn" {
				live = append(live, slackScan(t.Text, "blocks", !t.Verbatim, names || !t.Verbatim)...)
			}
		}
	}
	return live
}

// slackScan finds the live parts of one text; bare and names switch on what Slack guesses without angle brackets.
func slackScan(text, where string, bare, names bool) []SlackEntity {
	var live []SlackEntity
	plain := slackAngle.ReplaceAllStringFunc(text, func(m string) string {
		kind, target, _ := slackSequence(m[1 : len(m)-1])
		live = append(live, SlackEntity{Kind: kind, Target: target, Where: where})
		return " "
	})
	if bare {
		for _, address := range slackAddress.FindAllString(plain, -1) {
			live = append(live, SlackEntity{Kind: "link", Target: address, Where: where})
		}
	}
	if names {
		for _, name := range slackName.FindAllStringSubmatch(plain, -1) {
			live = append(live, SlackEntity{Kind: slackNameKind(name[1]), Target: name[1], Where: where})
		}
	}
	return live
}

func slackNameKind(name string) string {
	if name == "channel" || name == "here" || name == "everyone" {
		return "broadcast"
	}
	return "name"
}

var (
	// slackAngle is a sequence in angle brackets. Slack stops at the next bracket, even across lines.
	slackAngle = regexp.MustCompile(`<[^<>]+>`)
	// slackAddress is a bare address that Slack makes a link of, slackName a name that it may look up.
	slackAddress = regexp.MustCompile(`(?i)\b(https?://|mailto:|www\.)[^\s<>|]+`)
	slackName    = regexp.MustCompile(`(?:^|[\s(])[@#]([a-z0-9][\w.-]*)`)
)

// slackSequence reads what stands between angle brackets.
func slackSequence(inner string) (kind, target, label string) {
	target, label, labelled := strings.Cut(inner, "|")
	if !labelled {
		label = target
	}
	switch {
	case strings.HasPrefix(target, "@"):
		return "user", target[1:], label
	case strings.HasPrefix(target, "#"):
		return "channel", target[1:], label
	case strings.HasPrefix(target, "!subteam^"):
		return "group", strings.TrimPrefix(target, "!subteam^"), label
	case strings.HasPrefix(target, "!date^"):
		return "date", target, label
	case strings.HasPrefix(target, "!"):
		return "broadcast", target[1:], "@" + strings.TrimPrefix(label, "!")
	default:
		return "link", target, label
	}
}

// slackRender is what a person reads: blocks one after the other, entities by their label, escapes undone.
func slackRender(blocks []slackBlock, text string) string {
	if len(blocks) == 0 {
		return slackPlain(text)
	}
	var lines []string
	for _, b := range blocks {
		if b.Type == "divider" {
			lines = append(lines, "---")
		}
		for _, t := range b.texts() {
			lines = append(lines, slackPlain(t.Text))
		}
	}
	return strings.Join(lines, "\n")
}

func slackPlain(text string) string {
	text = slackAngle.ReplaceAllStringFunc(text, func(m string) string {
		_, _, label := slackSequence(m[1 : len(m)-1])
		return label
	})
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
}
