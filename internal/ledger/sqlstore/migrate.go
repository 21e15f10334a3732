package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"pi-manager/internal/ecm"
)

// A step has the same number for both databases: a version means the same tables and columns.
//
//go:embed migrations/*/*.sql
var migrations embed.FS

// migrate brings the tables up to the version that this program knows. It
// writes nothing where they are.
//
// Two processes may bring an old ledger up to date at once. Each step is a
// transaction of its own, so whoever loses one finds it done: as long as the
// version moves, look again.
func (s *Store) migrate(ctx context.Context) error {
	steps, err := s.engine.steps(s.db)
	if err != nil {
		return err
	}
	for last := int64(-1); ; {
		version, target, err := steps.GetVersions(ctx)
		if err != nil {
			return fmt.Errorf("read its version: %w", err)
		}
		if version > target {
			return tooNew(version, target)
		}
		if version == target {
			return nil
		}
		if _, err = steps.Up(ctx); err == nil {
			return nil
		}
		if version == last {
			return fmt.Errorf("bring it from version %d to %d: %w", version, target, err)
		}
		last = version
	}
}

func provider(dialect goose.Dialect, db *sql.DB, folder string, options ...goose.ProviderOption) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, files, append(options, goose.WithDisableGlobalRegistry(true))...)
}

// tooNew refuses a ledger that this program could read wrongly.
func tooNew(version, known int64) error {
	return &ecm.Failure{
		Class: ecm.Permanent,
		Err:   fmt.Errorf("its version is %d, and this pi-manager knows up to %d", version, known),
		Mend:  "install the newer pi-manager that wrote it",
	}
}
