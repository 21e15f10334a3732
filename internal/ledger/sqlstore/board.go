package sqlstore

import (
	"context"
	"database/sql"
	"strconv"

	"pi-manager/internal/ecm"
)

const insertFigure = `INSERT INTO dashboard (section, position, label, value) VALUES ($1, $2, $3, $4)`

// putBoard makes a board the whole dashboard; nil leaves it as it is.
func putBoard(ctx context.Context, tx *sql.Tx, board *ecm.Board) error {
	if board == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM dashboard`); err != nil {
		return err
	}
	for _, section := range [...]struct {
		name    string
		figures []ecm.Figure
	}{{"figures", board.Figures}, {"diagnoses", board.Diagnoses}, {"agents", board.Agents}} {
		err := forAll(ctx, tx, insertFigure, section.figures, func(i int, f ecm.Figure) []any {
			return []any{section.name, i + 1, f.Label, figureValue(f)}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func figureValue(f ecm.Figure) string {
	if f.Text != "" {
		return f.Text
	}
	return strconv.Itoa(f.Count)
}
