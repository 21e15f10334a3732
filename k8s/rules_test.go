package k8s_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/netresearch/go-cron"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"pi-manager/config"
)

// faults is everything that is wrong with manifests that decoded: what the API
// server would refuse because of a value, and what it would take and do wrong.
func faults(m manifests, schedule config.Schedule) []string {
	var all []string
	for _, meta := range m.metas() {
		if meta.Namespace != namespace {
			all = append(all, fmt.Sprintf("%s is in the namespace %q", meta.Name, meta.Namespace))
		}
	}
	for _, ns := range m.namespaces {
		if ns.Name != namespace || ns.Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
			all = append(all, "the namespace "+ns.Name+" does not enforce the restricted standard")
		}
	}
	for _, account := range m.serviceAccounts {
		if account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken {
			all = append(all, "the service account "+account.Name+" hands out its token")
		}
	}
	for _, job := range m.cronJobs {
		all = append(all, cronFaults(job, schedule)...)
		all = append(all, jobFaults(job.Spec.JobTemplate.Spec)...)
	}
	for _, policy := range m.policies {
		all = append(all, networkFaults(policy)...)
	}
	for _, pod := range m.pods() {
		all = append(all, restricted(pod.Spec)...)
		all = append(all, podFaults(pod, m)...)
	}
	return all
}

// cronFaults holds a CronJob to the schedule (F82, F84, F85, F86).
func cronFaults(job *batchv1.CronJob, schedule config.Schedule) []string {
	var all []string
	spec := job.Spec
	if spec.TimeZone == nil || *spec.TimeZone != schedule.Zone.String() {
		all = append(all, fmt.Sprintf("timeZone is not the schedule's: %s", schedule.Zone))
	}
	if spec.ConcurrencyPolicy != batchv1.ForbidConcurrent {
		all = append(all, fmt.Sprintf("concurrencyPolicy is %q, not Forbid", spec.ConcurrencyPolicy))
	}
	if s := spec.StartingDeadlineSeconds; s == nil || *s < 600 || *s > 1800 {
		all = append(all, "startingDeadlineSeconds is not between 600 and 1800")
	}
	if spec.Suspend != nil {
		all = append(all, "suspend is set: applying the file would undo a pause that somebody made by hand")
	}
	if spec.SuccessfulJobsHistoryLimit == nil || spec.FailedJobsHistoryLimit == nil || *spec.FailedJobsHistoryLimit == 0 {
		all = append(all, "the history limits do not keep failed Jobs to look at")
	}
	if len(job.Name) > 52 { // the controller adds eleven characters, and a Job's name has at most 63
		all = append(all, "the name is too long for its Jobs")
	}
	return append(all, timeFaults(job.Name, spec, schedule)...)
}

// timeFaults walks through a year: each start of the CronJob is a slot of the
// schedule and each slot is a start, and the name of the Job leads to the slot.
func timeFaults(name string, spec batchv1.CronJobSpec, schedule config.Schedule) []string {
	starts, err := cron.ParseStandard(spec.Schedule)
	if err != nil || strings.Contains(spec.Schedule, "TZ=") {
		return []string{fmt.Sprintf("schedule: %q cannot be read as times: %v", spec.Schedule, err)}
	}
	if spec.TimeZone == nil {
		return nil
	}
	zone, err := time.LoadLocation(*spec.TimeZone)
	if err != nil {
		return []string{fmt.Sprintf("timeZone: %v", err)}
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, zone)
	for end := at.AddDate(1, 0, 0); at.Before(end); {
		start, slot := starts.Next(at), schedule.Next(at)
		if !start.Equal(slot) {
			return []string{fmt.Sprintf("schedule: after %s the CronJob starts at %s, and the schedule's slot is %s", at, start.In(zone), slot.In(zone))}
		}
		job := fmt.Sprintf("%s-%d", name, start.Unix()/60)
		if got, ok := schedule.JobSlot(job); !ok || got != schedule.SlotAt(start) {
			return []string{fmt.Sprintf("schedule: the Job %s would run for the slot %q, not %q", job, got, schedule.SlotAt(start))}
		}
		at = start
	}
	return nil
}

// jobFaults holds a Job to our exit statuses (F85, F88): what may get better by
// itself is tried again, what a person must look at is not.
func jobFaults(job batchv1.JobSpec) []string {
	var all []string
	if job.ActiveDeadlineSeconds == nil || *job.ActiveDeadlineSeconds < 1800 || *job.ActiveDeadlineSeconds > 4*3600 {
		all = append(all, "activeDeadlineSeconds does not leave room for three workflows, or reaches the next slot")
	}
	if job.BackoffLimit == nil || *job.BackoffLimit != 2 {
		all = append(all, "backoffLimit is not 2")
	}
	if job.Template.Spec.RestartPolicy != corev1.RestartPolicyNever {
		all = append(all, fmt.Sprintf("restartPolicy is %q: podFailurePolicy works with Never alone", job.Template.Spec.RestartPolicy))
	}
	if job.PodFailurePolicy == nil {
		return append(all, "there is no podFailurePolicy")
	}
	wanted := map[int32]batchv1.PodFailurePolicyAction{
		1:   batchv1.PodFailurePolicyActionCount,
		2:   batchv1.PodFailurePolicyActionFailJob,
		3:   batchv1.PodFailurePolicyActionFailJob,
		4:   batchv1.PodFailurePolicyActionCount,
		137: batchv1.PodFailurePolicyActionCount, // killed, for example for want of memory
	}
	for _, status := range slices.Sorted(maps.Keys(wanted)) {
		if got := onExit(job.PodFailurePolicy.Rules, status); got != wanted[status] {
			all = append(all, fmt.Sprintf("podFailurePolicy: exit status %d leads to %s, not %s", status, got, wanted[status]))
		}
	}
	return append(all, ruleFaults(job)...)
}

// onExit is what Kubernetes does after an exit status: the first rule that fits.
func onExit(rules []batchv1.PodFailurePolicyRule, status int32) batchv1.PodFailurePolicyAction {
	for _, rule := range rules {
		if rule.OnExitCodes != nil && slices.Contains(rule.OnExitCodes.Values, status) == (rule.OnExitCodes.Operator == batchv1.PodFailurePolicyOnExitCodesOpIn) {
			return rule.Action
		}
	}
	return batchv1.PodFailurePolicyActionCount
}

// ruleFaults looks for values that the API server would refuse.
func ruleFaults(job batchv1.JobSpec) []string {
	var all []string
	ignoresDrain := false
	for i, rule := range job.PodFailurePolicy.Rules {
		refuse := func(format string, args ...any) {
			all = append(all, fmt.Sprintf("podFailurePolicy: rule %d: ", i+1)+fmt.Sprintf(format, args...))
		}
		if !slices.Contains([]batchv1.PodFailurePolicyAction{"Ignore", "FailJob", "Count"}, rule.Action) {
			refuse("there is no action %q", rule.Action)
		}
		if (rule.OnExitCodes == nil) == (len(rule.OnPodConditions) == 0) {
			refuse("it needs exit codes or conditions, and not both")
		}
		for _, condition := range rule.OnPodConditions {
			drained := condition.Type == corev1.DisruptionTarget && condition.Status == corev1.ConditionTrue
			ignoresDrain = ignoresDrain || drained && rule.Action == batchv1.PodFailurePolicyActionIgnore && i == 0
			if !drained {
				refuse("condition %s %q", condition.Type, condition.Status)
			}
		}
		if codes := rule.OnExitCodes; codes != nil {
			known := slices.ContainsFunc(job.Template.Spec.Containers, func(c corev1.Container) bool { return codes.ContainerName != nil && c.Name == *codes.ContainerName })
			if !known || codes.Operator != "In" && codes.Operator != "NotIn" || !slices.IsSorted(codes.Values) || slices.Contains(codes.Values, 0) {
				refuse("exit codes: the container, the operator or the values are wrong")
			}
		}
	}
	if !ignoresDrain {
		all = append(all, "podFailurePolicy: a drained node costs a try; its rule has to be the first")
	}
	return all
}

// networkFaults allows names, HTTPS and Redshift out, and nothing in but the
// metrics, from one namespace.
func networkFaults(policy *networkingv1.NetworkPolicy) []string {
	var all []string
	for _, kind := range policy.Spec.PolicyTypes {
		if kind != networkingv1.PolicyTypeIngress && kind != networkingv1.PolicyTypeEgress {
			all = append(all, fmt.Sprintf("network policy: there is no type %q", kind))
		}
	}
	if len(policy.Spec.PolicyTypes) != 2 {
		all = append(all, "network policy: it does not cover both ways")
	}
	var out []string
	for _, rule := range policy.Spec.Egress {
		out = append(out, portNames(rule.Ports)...)
	}
	if want := []string{"TCP 443", "TCP 53", "TCP 5439", "UDP 53"}; !slices.Equal(slices.Sorted(slices.Values(out)), want) {
		all = append(all, fmt.Sprintf("network policy: it lets out %v, not %v", out, want))
	}
	for _, rule := range policy.Spec.Ingress {
		if len(rule.From) == 0 || !slices.Equal(portNames(rule.Ports), []string{"TCP 8080"}) {
			all = append(all, "network policy: it lets in more than the metrics")
		}
	}
	return all
}

// portNames lists what a rule opens; no port at all opens every one.
func portNames(ports []networkingv1.NetworkPolicyPort) []string {
	if len(ports) == 0 {
		return []string{"everything"}
	}
	var names []string
	for _, port := range ports {
		if port.Port == nil || port.Protocol == nil || port.EndPort != nil {
			return []string{"everything"}
		}
		names = append(names, string(*port.Protocol)+" "+port.Port.String())
	}
	return names
}

// podFaults is what has to fit between a pod and the rest.
func podFaults(pod corev1.PodTemplateSpec, m manifests) []string {
	var all []string
	spec := pod.Spec
	if spec.ServiceAccountName != "pi-manager" || spec.EnableServiceLinks == nil || *spec.EnableServiceLinks {
		all = append(all, "the pod has another service account, or the addresses of all services in its environment")
	}
	if g := spec.TerminationGracePeriodSeconds; g == nil || *g < 15 { // F89: a run stops within 10 seconds
		all = append(all, "terminationGracePeriodSeconds leaves no time to stop")
	}
	for _, policy := range m.policies {
		for key, value := range policy.Spec.PodSelector.MatchLabels {
			if pod.Labels[key] != value {
				all = append(all, "the network policy does not cover the pod")
			}
		}
	}
	for _, container := range spec.Containers {
		all = append(all, containerFaults(container)...)
		for _, mount := range container.VolumeMounts {
			if !mount.ReadOnly || !slices.ContainsFunc(spec.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name }) {
				all = append(all, "the mount "+mount.Name+" can be written, or there is no such volume")
			}
		}
	}
	return all
}

func containerFaults(c corev1.Container) []string {
	run, serve := slices.Equal(c.Args, []string{"run"}), slices.Equal(c.Args, []string{"serve", "--listen", ":8080"})
	if len(c.Command) > 0 || !run && !serve {
		return []string{fmt.Sprintf("the container runs %v %v, not the image's program with run or serve", c.Command, c.Args)}
	}
	var all []string
	if c.ImagePullPolicy != corev1.PullIfNotPresent {
		all = append(all, fmt.Sprintf("imagePullPolicy is %q: an image that was loaded by hand would not be found", c.ImagePullPolicy))
	}
	request, limit := c.Resources.Requests, c.Resources.Limits
	cpu, memory := request.Cpu().MilliValue(), request.Memory().Value()
	if cpu < 10 || cpu > 250 || memory < 48<<20 || memory > 128<<20 || limit.Memory().Value() < 2*memory {
		all = append(all, "the resources are not what was measured: small requests, and a limit of at least twice the memory")
	}
	if run && jobNameField(c.Env) != "metadata.labels['batch.kubernetes.io/job-name']" {
		all = append(all, "PI_MANAGER_JOB_NAME is not the name of the Job: the run would not know its slot")
	}
	return all
}

// jobNameField is the field of the pod from which a run learns its Job's name.
func jobNameField(environ []corev1.EnvVar) string {
	for _, variable := range environ {
		if variable.Name == "PI_MANAGER_JOB_NAME" && variable.ValueFrom != nil && variable.ValueFrom.FieldRef != nil {
			return variable.ValueFrom.FieldRef.FieldPath
		}
	}
	return ""
}
