package fake

import (
	"encoding/json"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Limits of a message. Slack does not say in which unit it counts characters; the fake counts bytes, the strictest.
// Sources: the Block Kit reference for the single blocks; the total is only reported (slackapi/bolt-js#2509): refused
// at about 11,300, accepted at 9,597.
const (
	slackTextAdvised   = 4000
	slackTextTruncated = 40000
	slackHeaderMax     = 150
	slackSectionMax    = 3000
	slackFieldMax      = 2000
	slackFieldsMax     = 10
	slackElementsMax   = 10
	slackBlocksMax     = 50
	slackBlockIDMax    = 255
	slackBlocksTotal   = 9600
	slackMetadataMax   = 8000
)

// slackText is a text object of Block Kit.
type slackText struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim"`
}

// slackBlock holds the fields of the four kinds of block that the fake knows. Others are refused, as a workspace
// refuses a block that was not rolled out to it yet.
type slackBlock struct {
	Type     string      `json:"type"`
	BlockID  string      `json:"block_id"`
	Text     *slackText  `json:"text"`
	Fields   []slackText `json:"fields"`
	Elements []slackText `json:"elements"`
}

// slackParseBlocks returns the blocks, or the name of Slack's error.
func slackParseBlocks(raw string) ([]slackBlock, string) {
	if raw == "" {
		return nil, ""
	}
	var blocks []slackBlock
	if err := json.Unmarshal([]byte(raw), &blocks); err != nil {
		return nil, "invalid_blocks_format"
	}
	if len(blocks) > slackBlocksMax {
		return nil, "invalid_blocks"
	}
	ids := map[string]bool{}
	for _, b := range blocks {
		if !b.valid() || len(b.BlockID) > slackBlockIDMax || ids[b.BlockID] {
			return nil, "invalid_blocks"
		}
		ids[b.BlockID] = b.BlockID != ""
	}
	if slackTotal(blocks) > slackBlocksTotal {
		return nil, "msg_blocks_too_long"
	}
	return blocks, ""
}

func (b slackBlock) valid() bool {
	switch b.Type {
	case "divider":
		return true
	case "header":
		return b.Text != nil && b.Text.Type == "plain_text" && b.Text.fits(slackHeaderMax)
	case "section":
		if b.Text == nil && len(b.Fields) == 0 {
			return false
		}
		return (b.Text == nil || b.Text.fits(slackSectionMax)) && slackAllFit(b.Fields, slackFieldsMax, slackFieldMax)
	case "context":
		return len(b.Elements) > 0 && slackAllFit(b.Elements, slackElementsMax, slackFieldMax)
	default:
		return false
	}
}

func (t slackText) fits(limit int) bool {
	known := t.Type == "plain_text" || t.Type == "mrkdwn"
	return known && strings.TrimSpace(t.Text) != "" && len(t.Text) <= limit
}

func slackAllFit(texts []slackText, count, limit int) bool {
	for _, t := range texts {
		if !t.fits(limit) {
			return false
		}
	}
	return len(texts) <= count
}

// texts lists the text objects of a block in reading order.
func (b slackBlock) texts() []slackText {
	var all []slackText
	if b.Text != nil {
		all = append(all, *b.Text)
	}
	return append(append(all, b.Fields...), b.Elements...)
}

func slackTotal(blocks []slackBlock) int {
	n := 0
	for _, b := range blocks {
		for _, t := range b.texts() {
			n += len(t.Text)
		}
	}
	return n
}

var slackEventType = regexp.MustCompile(`^[A-Za-z0-9_.]{1,255}$`)

// slackMetadataError returns the name of Slack's error for message metadata, or nothing.
func slackMetadataError(raw string) string {
	if raw == "" {
		return ""
	}
	if len(raw) > slackMetadataMax {
		return "metadata_too_large"
	}
	var m struct {
		EventType    string         `json:"event_type"`
		EventPayload map[string]any `json:"event_payload"`
	}
	if err := json.Unmarshal([]byte(raw), &m); err != nil {
		return "invalid_metadata_format"
	}
	if m.EventPayload == nil || !slackEventType.MatchString(m.EventType) {
		return "invalid_metadata_schema"
	}
	return ""
}

// slackLimits are the token buckets: one for the messages of each channel, one for each other method.
type slackLimits struct {
	perSecond float64
	burst     float64
	buckets   map[string]*slackBucket
}

type slackBucket struct {
	tokens float64
	at     time.Time
}

// slackDefaultLimits is one message a second and channel with a short burst, whose size Slack does not publish.
func slackDefaultLimits() slackLimits {
	return slackLimits{perSecond: 1, burst: 10, buckets: map[string]*slackBucket{}}
}

// take spends a token, or returns how long to wait for one. The other methods are in tier 3: 50 calls a minute.
func (l slackLimits) take(now time.Time, call SlackCall) time.Duration {
	if l.perSecond == 0 {
		return 0
	}
	key, rate, burst := call.Method, 50.0/60, 50.0
	if call.Method == "chat.postMessage" {
		key, rate, burst = call.Form.Get("channel"), l.perSecond, l.burst
	}
	b := l.buckets[key]
	if b == nil {
		b = &slackBucket{tokens: burst, at: now}
		l.buckets[key] = b
	}
	b.tokens = min(burst, b.tokens+now.Sub(b.at).Seconds()*rate)
	b.at = now
	if b.tokens < 1 {
		return time.Duration((1 - b.tokens) / rate * float64(time.Second))
	}
	b.tokens--
	return 0
}

func slackTooMany(wait time.Duration) slackAnswer {
	answer := slackFail("ratelimited")
	answer.status = http.StatusTooManyRequests
	answer.header = http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(wait.Seconds())))}}
	return answer
}
