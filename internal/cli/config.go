package cli

import (
	"github.com/spf13/cobra"

	"pi-manager/config"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the effective configuration, secrets starred",
		Args:  noArgs,
		RunE:  func(*cobra.Command, []string) error { return a.showConfig() },
	}
	cmd.Flags().BoolVar(&a.json, "json", false, "print it as one JSON document")
	return cmd
}

// showConfig prints what there is even where it has faults: that is when people look.
func (a *app) showConfig() error {
	settings, err := config.Load(a.environ, config.EnvFiles(a.envFile)...)
	faults := config.AsFaults(err)
	_, err = config.LoadSchedule(settings.ConfigDir)
	faults = append(faults, config.AsFaults(err)...)
	_, err = a.policy(settings)
	faults = append(faults, config.AsFaults(err)...)
	if a.json {
		err = a.document(settings.Rows())
	} else {
		err = settings.Print(a.stdout)
	}
	if err == nil && len(faults) > 0 {
		return faults
	}
	return err
}
