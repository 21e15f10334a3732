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

//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the tables up to the version that this program knows. It
// writes nothing where they are.
//
// Two processes may bring an old file up to date at once. Each step is a
// transaction of its own, so whoever loses one finds it done: as long as the
// version moves, look again.
func migrate(ctx context.Context, db *sql.DB) error {
	steps, err := provider(db)
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

func provider(db *sql.DB) (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, folder, goose.WithDisableGlobalRegistry(true))
}

// tooNew refuses a file that this program could read wrongly.
func tooNew(version, known int64) error {
	return &ecm.Failure{
		Class: ecm.Permanent,
		Err:   fmt.Errorf("its version is %d, and this pi-manager knows up to %d", version, known),
		Mend:  "install the newer pi-manager that wrote it",
	}
}
