package slack

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"pi-manager/internal/ecm"
)

// apiError is the name of an error that Slack answered with.
type apiError string

func (e apiError) Error() string { return "Slack answered " + string(e) }

// The words of an answer that are Slack's own: the name of an error, a list of scopes.
var (
	errorName = regexp.MustCompile(`^[a-z0-9_]{1,80}$`)
	scopeList = regexp.MustCompile(`^[a-z:._,]{1,80}$`)
)

// refusal classifies ok:false. The words of the answer are shown only if they
// look like Slack's own: an answer must not be able to put a token, or a
// sentence, into our log.
func refusal(name, needed string) error {
	if !errorName.MatchString(name) {
		return &ecm.Failure{Err: errors.New("the answer is ok:false without the name of an error")}
	}
	class, mend := remedy(name)
	if name == "missing_scope" && scopeList.MatchString(needed) {
		mend = addScope(needed)
	}
	return &ecm.Failure{Class: class, Err: apiError(name), Mend: mend}
}

// remedy says of every error documented for chat.postMessage, and for the
// reading methods, what may be done about it. A name that is not listed may
// have posted.
// Source: https://docs.slack.dev/reference/methods/chat.postMessage (errors).
func remedy(name string) (ecm.Class, string) {
	switch name {
	case "ratelimited", "rate_limited":
		return ecm.Retryable, ""

	// "Some aspect of the operation may have succeeded", or may yet.
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout":
		return ecm.Ambiguous, ""

	case "not_in_channel":
		return ecm.Permanent, "invite the bot: type /invite @<its name> in the channel"
	case "channel_not_found", "team_not_found":
		return ecm.Permanent, "check SLACK_CHANNEL_ID; a private channel must have the bot invited with /invite"
	case "is_archived":
		return ecm.Permanent, "unarchive the channel, or set SLACK_CHANNEL_ID to one in use"
	case "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
		"restricted_action_non_threadable_channel", "restricted_action_thread_locked":
		return ecm.Permanent, "ask a workspace admin to let the bot post in the channel and in its threads"
	case "messages_tab_disabled":
		return ecm.Permanent, "set SLACK_CHANNEL_ID to a channel; the app's own messages tab is off"
	case "ekm_access_denied", "access_denied", "accesslimited", "no_permission", "team_access_not_granted",
		"enterprise_is_restricted", "send_on_behalf_not_allowed", "two_factor_setup_required",
		"slack_connect_canvas_sharing_blocked", "slack_connect_file_link_sharing_blocked", "slack_connect_lists_sharing_blocked":
		return ecm.Permanent, "ask a Slack admin: the workspace's rules forbid it"

	case "missing_scope":
		return ecm.Permanent, addScope(scopePost)
	case "not_authed", "invalid_auth", "token_revoked", "token_expired", "account_inactive":
		return ecm.Permanent, "put a valid bot token into SLACK_BOT_TOKEN (the app's page, OAuth & Permissions)"
	case "not_allowed_token_type", "as_user_not_supported":
		return ecm.Permanent, "use a bot token (xoxb-) in SLACK_BOT_TOKEN"

	case "org_login_required", "team_added_to_org":
		return ecm.Permanent, "wait for the workspace's migration to end; the next run posts what is owed"
	case "message_limit_exceeded":
		return ecm.Permanent, "the workspace's plan allows no more messages for now; the next run posts what is owed"

	case "thread_not_found", "cannot_reply_to_message", "invalid_thread_ts":
		return ecm.Permanent, ""
	case "users_not_found", "user_not_found", "message_not_found", "cant_delete_message", "invalid_cursor":
		return ecm.Permanent, ""
	}
	if slices.Contains(ourFault(), name) {
		return ecm.Permanent, "this is a fault of pi-manager: please report it"
	}
	return ecm.Ambiguous, ""
}

// ourFault lists the errors that say the request itself was wrong. Nothing was
// posted, and the same request will never be.
func ourFault() []string {
	return []string{
		"attachment_payload_limit_exceeded", "deprecated_endpoint", "method_deprecated", "unknown_method",
		"draft_already_deleted", "draft_already_sent", "draft_has_conflict", "draft_not_found",
		"duplicate_channel_not_found", "duplicate_message_not_found",
		"invalid_arg_name", "invalid_arguments", "invalid_array_arg", "invalid_blocks", "invalid_blocks_format",
		"invalid_charset", "invalid_form_data", "invalid_limit", "invalid_metadata_format", "invalid_metadata_schema",
		"invalid_post_type", "markdown_text_conflict", "metadata_must_be_sent_from_app", "metadata_too_large",
		"missing_file_data", "missing_post_type", "msg_blocks_too_long", "msg_too_long", "no_text",
		"too_many_attachments", "too_many_contact_cards",
	}
}

// named says whether err is one of these errors of Slack.
func named(err error, names ...string) bool {
	name, ok := errors.AsType[apiError](err)
	return ok && slices.Contains(names, string(name))
}

// posting and reading put what was tried in front of a failure. Reading has no
// effect, so what is unclear about it may simply be asked again.
func posting(what string, err error) error { return because(what, err, ecm.Ambiguous) }

func reading(what string, err error) error { return because(what, err, ecm.Retryable) }

func because(what string, err error, unclear ecm.Class) error {
	failure := ecm.Failure{Class: unclear}
	cause := err
	if f, ok := errors.AsType[*ecm.Failure](err); ok {
		failure, cause = *f, f.Err
		if failure.Class == ecm.Ambiguous {
			failure.Class = unclear
		}
	}
	failure.Err = fmt.Errorf("%s: %w", what, cause)
	return &failure
}
