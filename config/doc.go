// Package config loads and checks what people edit: the environment with its
// .env files (Settings), the schedule, and the folder that may replace the
// embedded schedule.yaml and policy.yaml.
//
// It comes first: every run starts from values that were checked here, all of
// them, before anything is read or written elsewhere. Faults are reported
// together, name the variable or the line, and never repeat a variable's value,
// so a password that was typed into the wrong place does not reach a log.
package config
